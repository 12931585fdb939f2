// Witnesses of the audit log outside the database: from time to time the last link is signed and appended to a file.
// Whoever cuts the log's tail off, or writes the whole chain anew, cannot sign that it was so before. The file is
// meant to be copied to another machine; `confidente audit verify` holds the log against it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "platform/audit/audit.hpp"
#include "platform/crypto/signing_key.hpp"

namespace confidente::audit {

/// One line a link: `seq hash time signature`. Thread-safe as long as one process writes.
class Checkpoints {
public:
    Checkpoints(std::filesystem::path file, crypto::SigningKey key) : file_(std::move(file)), key_(std::move(key)) {}

    Status write(const Head& head, UtcTime now) const;
    /// All links, oldest first; none when there is no file. An error names the first line that is not signed by us.
    Result<std::vector<Head>> read() const;

private:
    std::filesystem::path file_;
    crypto::SigningKey key_;
};

/// Stands for an e-mail address where one may not be written: the same address gives the same text on one server, and
/// without its key nobody can try addresses out.
class Pseudonyms {
public:
    explicit Pseudonyms(const crypto::SigningKey& key) : secret_(key.sign("confidente audit pseudonyms")) {}
    std::string of(std::string_view text) const;

private:
    std::string secret_;  ///< Ed25519 signatures are deterministic, so this one is a key only the owner can make
};

}  // namespace confidente::audit
