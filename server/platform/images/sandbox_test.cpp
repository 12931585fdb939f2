#include "platform/images/sandbox.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing/test.hpp"

namespace confidente::images {
namespace {

/// The wait status of a process that enters the sandbox and then does `deed`.
template <class Deed>
int after_entering(Deed deed) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        if (!enter_sandbox()) ::_exit(100);
        ::_exit(deed());
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return status;
}

}  // namespace

TEST("in the sandbox no file can be opened, not even for reading") {
    const int status = after_entering([] { return ::open("/etc/passwd", O_RDONLY) < 0 && errno == EPERM ? 7 : 8; });
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 7);
}

TEST("in the sandbox asking for a socket or a program is death") {
    const int socket = after_entering([] { return ::socket(AF_INET, SOCK_STREAM, 0) < 0 ? 7 : 8; });
    REQUIRE(WIFSIGNALED(socket));
    CHECK(WTERMSIG(socket) == SIGSYS);
    const int program = after_entering([] {
        char name[] = "/bin/true";
        char* arguments[] = {name, nullptr};
        return ::execve(name, arguments, nullptr) < 0 ? 7 : 8;
    });
    REQUIRE(WIFSIGNALED(program));
    CHECK(WTERMSIG(program) == SIGSYS);
}

}  // namespace confidente::images
