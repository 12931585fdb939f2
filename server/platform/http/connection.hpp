// One HTTP/1.1 connection (RFC 9112): requests one after the other, each answered before the next is read.
#pragma once

#include <memory>

#include "platform/http/gate.hpp"
#include "platform/http/transport.hpp"

namespace confidente::http {

/// Starts serving `transport`; it lives until the peer leaves, a limit is passed or the thread drains.
/// `config`, `gate` and `sessions` outlive it.
void serve(std::shared_ptr<Transport> transport, const ServerConfig& config, Gate& gate, Sessions& sessions);

}  // namespace confidente::http
