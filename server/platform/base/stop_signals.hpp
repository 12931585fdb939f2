// The signals by which a service is asked to stop, for programs that wait for them instead of being interrupted.
#pragma once

#include <csignal>

namespace confidente {

/// Blocks SIGTERM and SIGINT on this thread and on those it starts from now on, so that sigwait() and its like are the
/// only ones to see them.
sigset_t block_stop_signals();

}  // namespace confidente
