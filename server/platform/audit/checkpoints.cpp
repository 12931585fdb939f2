#include "platform/audit/checkpoints.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "platform/base/bytes.hpp"
#include "platform/crypto/hash.hpp"

namespace confidente::audit {
namespace {

std::string signed_part(std::int64_t seq, const std::string& hash, const std::string& at) {
    return std::to_string(seq) + ' ' + hash + ' ' + at;
}

}  // namespace

Status Checkpoints::write(const Head& head, UtcTime now) const {
    const auto content = signed_part(head.seq, head.hash, to_iso8601(now));
    const auto signature = key_.sign("confidente audit " + content);
    const auto line = content + ' ' + to_base64url(as_bytes(signature)) + '\n';
    const int out = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0) return internal_error("cannot write the audit checkpoints " + file_.string());
    const bool written =
        ::write(out, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(out) == 0;
    ::close(out);
    if (!written) return internal_error("cannot write the audit checkpoints " + file_.string());
    return {};
}

Result<std::vector<Head>> Checkpoints::read() const {
    std::vector<Head> known;
    std::ifstream in{file_};
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        std::istringstream fields{line};
        Head head;
        std::string at, signature;
        fields >> head.seq >> head.hash >> at >> signature;
        const auto bytes = from_base64url(signature);
        const auto message = "confidente audit " + signed_part(head.seq, head.hash, at);
        if (!fields || !bytes || !key_.verify(message, as_text(*bytes)))
            return Error{.code = "audit_checkpoint_forged",
                         .detail = file_.string() + ":" + std::to_string(number) + ": is not signed by this server"};
        if (!known.empty() && known.back().seq > head.seq)
            return Error{.code = "audit_checkpoint_forged",
                         .detail = file_.string() + ":" + std::to_string(number) + ": is older than the line before"};
        known.push_back(std::move(head));
    }
    return known;
}

std::string Pseudonyms::of(std::string_view text) const {
    return to_hex(crypto::hmac_sha256(secret_, text)).substr(0, 32);
}

}  // namespace confidente::audit
