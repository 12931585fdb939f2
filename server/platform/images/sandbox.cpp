#include "platform/images/sandbox.hpp"

#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "platform/images/picture.hpp"

namespace confidente::images {
namespace {

// Exit statuses of the child; anything else, and every signal, is a broken picture.
enum Exit : int { exit_ok = 0, exit_broken = 2, exit_unsupported = 3, exit_too_large = 4, exit_no_sandbox = 5 };

Error error_of(int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == exit_unsupported) return unsupported_picture();
    if (WIFEXITED(status) && WEXITSTATUS(status) == exit_too_large) return picture_too_large();
    if (WIFEXITED(status) && WEXITSTATUS(status) == exit_no_sandbox)
        return internal_error("pictures cannot be decoded: no sandbox on this machine");
    return {.kind = ErrorKind::unprocessable,
            .code = "broken_picture",
            .detail = "The picture cannot be read.",
            .cause = "child status " + std::to_string(status)};
}

/// A file descriptor that closes itself.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() { reset(); }
    void reset() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    int get() const { return fd_; }

private:
    int fd_ = -1;
};

struct Child {
    pid_t pid = -1;
    Fd input, output;  ///< the parent's ends
};

Result<Child> spawn(const std::filesystem::path& program) {
    std::array<int, 2> in{}, out{};
    if (pipe2(in.data(), O_CLOEXEC) != 0) return internal_error("no pipe for a picture");
    Fd child_in{in[0]}, parent_in{in[1]};
    if (pipe2(out.data(), O_CLOEXEC) != 0) return internal_error("no pipe for a picture");
    Fd parent_out{out[0]}, child_out{out[1]};
    fcntl(parent_in.get(), F_SETFL, O_NONBLOCK);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, child_in.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, child_out.get(), STDOUT_FILENO);
    // The library's warnings are about strangers' bytes: nobody's log needs them.
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    std::string path = program.string(), name = "confidente", command = kChildCommand;
    std::array<char*, 3> arguments{name.data(), command.data(), nullptr};
    std::array<char*, 1> nothing{nullptr};  // the environment may hold the operator's secrets
    Child child;
    const int failed = posix_spawn(&child.pid, path.c_str(), &actions, nullptr, arguments.data(), nothing.data());
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return internal_error("the picture process does not start");
    child.input = std::move(parent_in);
    child.output = std::move(parent_out);
    return child;
}

/// Feeds the child and collects what it writes, until it closes its output or the deadline passes.
Buffer converse(Child& child, Bytes original) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{kChildDeadlineMs};
    Buffer result;
    std::size_t sent = 0;
    std::array<std::uint8_t, 64 * 1024> chunk{};
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        std::array<pollfd, 2> ready{pollfd{child.output.get(), POLLIN, 0},
                                    pollfd{sent < original.size() ? child.input.get() : -1, POLLOUT, 0}};
        if (left.count() <= 0 || poll(ready.data(), ready.size(), static_cast<int>(left.count())) <= 0) return {};
        if (ready[1].revents != 0) {
            const auto n = ::write(child.input.get(), original.data() + sent, original.size() - sent);
            sent = n > 0 ? sent + static_cast<std::size_t>(n) : original.size();
            if (sent >= original.size()) child.input.reset();
        }
        if (ready[0].revents == 0) continue;
        const auto n = ::read(child.output.get(), chunk.data(), chunk.size());
        if (n <= 0) return result;
        result.insert(result.end(), chunk.data(), chunk.data() + n);
        if (result.size() > kMaxResult) return {};
    }
}

bool limit(int what, rlim_t most) {
    const rlimit both{most, most};
    return setrlimit(static_cast<__rlimit_resource>(what), &both) == 0;
}

/// The child's work up to its exit status.
int recode() {
    prctl(PR_SET_DUMPABLE, 0);
    if (!prepare()) return exit_no_sandbox;
    if (!limit(RLIMIT_DATA, std::size_t{512} << 20U) || !limit(RLIMIT_CPU, 10) || !limit(RLIMIT_CORE, 0) ||
        !enter_sandbox())
        return exit_no_sandbox;
    Buffer original;
    std::array<std::uint8_t, 64 * 1024> chunk{};
    for (ssize_t n = 0; (n = ::read(STDIN_FILENO, chunk.data(), chunk.size())) > 0;) {
        original.insert(original.end(), chunk.data(), chunk.data() + n);
        if (original.size() > kMaxOriginal) return exit_too_large;
    }
    const auto made = square_jpeg(original, kAvatarSide);
    if (!made) {
        if (made.error().kind == ErrorKind::too_large) return exit_too_large;
        return made.error().kind == ErrorKind::unsupported_media ? exit_unsupported : exit_broken;
    }
    for (std::size_t sent = 0; sent < made->size();) {
        const auto n = ::write(STDOUT_FILENO, made->data() + sent, made->size() - sent);
        if (n <= 0) return exit_broken;
        sent += static_cast<std::size_t>(n);
    }
    return exit_ok;
}

}  // namespace

Result<Buffer> Recoder::avatar_blocking(Bytes original) const {
    if (sniff(original) == Kind::unknown) return unsupported_picture();
    TRY(auto child, spawn(program_));
    auto result = converse(child, original);
    child.input.reset();
    child.output.reset();
    if (result.empty()) kill(child.pid, SIGKILL);
    int status = 0;
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != exit_ok || result.empty()) return error_of(status);
    return result;
}

bool enter_sandbox() {
    // Default: the call fails. What follows is all that decoding and two pipes need.
    const auto filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter) return false;
    for (const char* name : {"read",
                             "write",
                             "close",
                             "mmap",
                             "munmap",
                             "mremap",
                             "mprotect",
                             "brk",
                             "madvise",
                             "futex",
                             "exit",
                             "exit_group",
                             "rt_sigaction",
                             "rt_sigprocmask",
                             "rt_sigreturn",
                             "sigaltstack",
                             "clock_gettime",
                             "clone3",
                             "clone",
                             "set_robust_list",
                             "rseq",
                             "sched_yield",
                             "sched_getaffinity",
                             "getrandom",
                             "gettid",
                             "getpid",
                             "tgkill",
                             "lseek",
                             "fstat",
                             "prlimit64",
                             "getrusage",
                             "sysinfo",
                             "writev",
                             "poll",
                             "prctl"}) {
        const int call = seccomp_syscall_resolve_name(name);
        if (call != __NR_SCMP_ERROR && seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) != 0) return false;
    }
    for (const char* name : {"socket", "connect", "execve", "execveat", "ptrace", "open_by_handle_at"}) {
        if (seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, seccomp_syscall_resolve_name(name), 0) != 0) return false;
    }
    const bool closed = seccomp_load(filter) == 0;
    seccomp_release(filter);
    return closed;
}

// Ends here and now: the library's farewell would ask for calls that are no longer allowed.
void child_main() { _exit(recode()); }

}  // namespace confidente::images
