#include "app/commands/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>

namespace confidente::app {

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
    const auto path = folder / "server.lock";
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return Error{.code = "data_dir_unusable",
                     .detail = "The file " + path.string() + " cannot be made; check the rights of its folder."};
    FolderLock lock{file};
    std::array<char, 32> holder{};
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        const auto size = pread(file, holder.data(), holder.size() - 1, 0);
        const std::string who = size > 0 ? " (process " + std::string{holder.data()} + ")" : "";
        return Error{.code = "data_dir_in_use",
                     .detail = "Another server" + who + " uses the data folder " + folder.string() +
                               "; stop it, or choose another folder with --data-dir."};
    }
    // For whoever is refused: which process to look at. The lock does not depend on it.
    const std::string pid = std::to_string(getpid());
    if (ftruncate(file, 0) == 0) (void)!pwrite(file, pid.data(), pid.size(), 0);
    return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FolderLock::~FolderLock() {
    if (file_ >= 0) close(file_);
}

}  // namespace confidente::app
