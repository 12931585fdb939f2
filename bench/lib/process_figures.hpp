// What the kernel says of a process, the server's or our own: CPU time and memory (proc(5)); and two clocks.
#pragma once

#include <cstdint>

namespace bench {

/// User and system time of all threads so far, in seconds. 0 for a process that is not there.
double cpu_seconds(int pid);
std::int64_t resident_bytes(int pid);
/// CLOCK_THREAD_CPUTIME_ID of the calling thread, in seconds.
double thread_cpu_seconds();
/// CLOCK_REALTIME: the clock of the kernel's receive time stamps.
std::int64_t wall_ns();
/// Runs this process, or the calling thread, on one core; false when the machine does not have it.
bool pin(int core);

}  // namespace bench
