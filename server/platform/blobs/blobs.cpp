#include "platform/blobs/blobs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace confidente::blobs {
namespace {

constexpr std::size_t kKeyLength = 32;

Error storage_error(int error) {
    const bool full = error == ENOSPC || error == EDQUOT;
    return {.kind = ErrorKind::unavailable,
            .code = full ? "storage_full" : "storage_failed",
            .detail = full ? "There is no space left to keep this." : "This cannot be kept at the moment.",
            .cause = std::strerror(error)};
}

bool write_all(int file, Bytes content) {
    for (std::size_t written = 0; written < content.size();) {
        const auto n = ::write(file, content.data() + written, content.size() - written);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        written += static_cast<std::size_t>(n);
    }
    return ::fsync(file) == 0;
}

}  // namespace

bool is_key(std::string_view text) {
    return text.size() == kKeyLength && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

std::filesystem::path FolderStore::file_of(std::string_view key) const { return folder_ / key.substr(0, 2) / key; }

Result<std::string> FolderStore::put(Bytes content) {
    std::array<std::byte, kKeyLength / 2> bits{};
    random_.fill(bits);
    std::string key = to_hex({reinterpret_cast<const std::uint8_t*>(bits.data()), bits.size()});
    const auto target = file_of(key), fresh = std::filesystem::path{target.string() + ".new"};
    std::error_code failed;
    std::filesystem::create_directories(target.parent_path(), failed);
    if (failed) return storage_error(failed.value());
    const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return storage_error(errno);
    const bool written = write_all(file, content);
    const int error = errno;
    ::close(file);
    if (written) std::filesystem::rename(fresh, target, failed);
    if (written && !failed) return key;
    ::unlink(fresh.c_str());
    return storage_error(written ? failed.value() : error);
}

Result<std::string> FolderStore::get(std::string_view key) const {
    const Error missing{.kind = ErrorKind::not_found, .code = "not_found", .detail = "There is no such file."};
    if (!is_key(key)) return missing;
    std::ifstream in{file_of(key), std::ios::binary};
    if (!in) return missing;
    return std::string{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

Status FolderStore::remove(std::string_view key) {
    if (!is_key(key)) return {};
    std::error_code failed;
    std::filesystem::remove(file_of(key), failed);
    if (failed) return storage_error(failed.value());
    return {};
}

}  // namespace confidente::blobs
