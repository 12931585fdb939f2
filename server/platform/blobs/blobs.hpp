// Files of people, such as pictures: kept under random keys, never under names that people chose.
//
// A key is 128 random bits in hex and tells its folder; whoever is to see the file is told the key.
// Errors: 404 `not_found`; `storage_full` and `storage_failed` (unavailable).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "platform/base/bytes.hpp"
#include "platform/base/random.hpp"
#include "platform/base/result.hpp"

namespace confidente::blobs {

/// Thread-safe. Calls wait for the disk.
class Store {
public:
    virtual ~Store() = default;
    /// Durable when it returns; the key.
    virtual Result<std::string> put(Bytes content) = 0;
    virtual Result<std::string> get(std::string_view key) const = 0;
    /// Removing what is not there is no error.
    virtual Status remove(std::string_view key) = 0;
};

bool is_key(std::string_view text);

/// In a folder, made when it is needed.
class FolderStore final : public Store {
public:
    FolderStore(std::filesystem::path folder, Random& random) : folder_(std::move(folder)), random_(random) {}
    Result<std::string> put(Bytes content) override;
    Result<std::string> get(std::string_view key) const override;
    Status remove(std::string_view key) override;

private:
    std::filesystem::path file_of(std::string_view key) const;
    std::filesystem::path folder_;
    Random& random_;
};

}  // namespace confidente::blobs
