// The built web app, held in memory: read and hashed at start, compressed when somebody first asks for it, so that a
// request only looks up a name. Compressing all of it took most of the time between a crash and the first answer.
// A path is compared with the names that were found, never given to the file system: traversal has no target.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "platform/http/compression.hpp"
#include "platform/http/http.hpp"

namespace confidente::http {

class StaticFiles {
public:
    static constexpr std::size_t kMaxTotalBytes = 256U << 20U;  // larger trees do not belong in memory
    /// Symbolic links are not followed. An unreadable or missing root gives no files.
    explicit StaticFiles(const std::filesystem::path& root);
    /// `path` decoded. Navigation paths (no extension, not under /api) get index.html. Handles If-None-Match.
    std::optional<Response> answer(const Request& request) const;
    std::size_t size() const { return files_.size(); }

private:
    /// Made once, by whichever thread needs it first; null where it would not help.
    struct Packed {
        std::once_flag made;
        std::shared_ptr<const std::string> bytes;
    };
    struct File {
        std::shared_ptr<const std::string> body;
        std::string type, etag;
        bool compressible = false;
        mutable Packed gzip, brotli;
        const std::shared_ptr<const std::string>& packed(Encoding encoding) const;
    };
    void add(const std::filesystem::path& file, std::string name);
    std::map<std::string, File, std::less<>> files_;
    std::size_t total_ = 0;
};

}  // namespace confidente::http
