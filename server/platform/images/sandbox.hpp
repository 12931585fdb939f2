// Where pictures from strangers are decoded: a process of its own for each, which can compute and nothing else.
//
// The child reads the original from standard input and writes the result to standard output. Before it reads, it gives
// up everything: seccomp allows memory, threads, clocks and the two pipes; 512 MiB and 10 s of CPU are its limits.
// Opening a file, a socket or a program in there is refused by the kernel.
#pragma once

#include <filesystem>

#include "platform/base/bytes.hpp"
#include "platform/base/result.hpp"
#include "platform/base/worker_pool.hpp"

namespace confidente::images {

inline constexpr int kAvatarSide = 512;          ///< pixels
inline constexpr std::size_t kWorkers = 2;       ///< children at once
inline constexpr std::size_t kWaiting = 16;      ///< pictures waiting; the next one gets 429 `busy`
inline constexpr int kChildDeadlineMs = 15'000;  ///< wall time; the child's CPU limit comes first
inline constexpr const char* kChildCommand = "recode-picture";

/// Thread-safe.
class Recoder {
public:
    /// `program` is started with kChildCommand and must call child_main().
    explicit Recoder(std::filesystem::path program) : program_(std::move(program)), pool_(kWorkers, kWaiting) {}

    /// A square JPEG of at most kAvatarSide pixels. Waits for the child: on workers() only. Errors: those of
    /// picture.hpp.
    Result<Buffer> avatar_blocking(Bytes original) const;
    /// Threads for all that is done with a picture: its making, and its way to the disk. 429 `busy` when too many wait.
    WorkerPool& workers() { return pool_; }

private:
    std::filesystem::path program_;
    WorkerPool pool_;
};

/// Gives up, for this process and for good, all that decoding does not need. False when the kernel refuses.
bool enter_sandbox();
/// The child's whole life; its exit status tells the parent what happened.
[[noreturn]] void child_main();

}  // namespace confidente::images
