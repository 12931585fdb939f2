// One server at a time in a data folder whose database is a file of it: two writers could damage that file.
#pragma once

#include <filesystem>

#include "platform/base/result.hpp"

namespace confidente::app {

/// Held until it is destroyed or the process ends, however it ends. Commands do not take it: they may read beside a
/// server.
class FolderLock {
public:
    /// Errors: `data_dir_in_use`, in an operator's words.
    static Result<FolderLock> take(const std::filesystem::path& folder);
    ~FolderLock();
    FolderLock(FolderLock&& other) noexcept;
    FolderLock& operator=(FolderLock&&) = delete;

private:
    explicit FolderLock(int file) : file_(file) {}
    int file_;
};

}  // namespace confidente::app
