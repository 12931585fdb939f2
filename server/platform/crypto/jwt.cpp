#include "platform/crypto/jwt.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <fstream>
#include <vector>

#include "platform/base/bytes.hpp"
#include "platform/base/check.hpp"
#include "platform/base/ids.hpp"
#include "platform/crypto/hash.hpp"
#include "platform/json/json.hpp"

namespace confidente::crypto {
namespace {

constexpr std::string_view kIssuer = "confidente";
constexpr std::size_t kSeedBytes = 32;
constexpr std::int64_t kLeewaySeconds = 60;  ///< for clocks of other nodes: `nbf` and `iat` only

Error invalid_token(std::string cause) {
    return {.kind = ErrorKind::unauthenticated,
            .code = "invalid_token",
            .detail = "The token is not valid.",
            .cause = std::move(cause)};
}

std::string_view type_of(Purpose purpose) { return purpose == Purpose::access ? "at+jwt" : "playback+jwt"; }
std::string_view audience_of(Purpose purpose) { return purpose == Purpose::access ? "api" : "playback"; }

std::string_view text_at(const json::Object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    const auto* text = value ? value->if_string() : nullptr;
    return text ? std::string_view{text->data(), text->size()} : std::string_view{};
}

std::optional<std::int64_t> seconds_at(const json::Object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (!value || !value->is_int64()) return {};
    return value->as_int64();
}

/// The part as a JSON object whose text is the one our writer gives: that alone excludes duplicate members.
Result<json::Object> decode_part(std::string_view part) {
    const auto bytes = from_base64url(part);
    if (!bytes) return invalid_token("not base64url");
    const auto parsed = json::parse(as_text(*bytes));
    if (!parsed || !parsed->is_object()) return invalid_token("not a JSON object");
    if (json::serialize(*parsed) != as_text(*bytes)) return invalid_token("not in canonical form");
    return parsed->as_object();
}

std::string encode_part(const json::Object& object) { return to_base64url(as_bytes(json::serialize(object))); }

struct KeyFree {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using KeyHandle = std::unique_ptr<EVP_PKEY, KeyFree>;
using DigestHandle = std::unique_ptr<EVP_MD_CTX, KeyFree>;

}  // namespace

struct TokenSigner::Key {
    KeyHandle handle;
    std::string id;  ///< first 16 hex digits of the public key's digest
};

TokenSigner::TokenSigner(std::unique_ptr<Key> key) : key_(std::move(key)) {}
TokenSigner::~TokenSigner() = default;

Result<std::unique_ptr<TokenSigner>> TokenSigner::open(const std::filesystem::path& file, Random& random) {
    const auto unreadable = [&](std::string why) {
        return Error{.code = "key_unreadable", .detail = "The signing key " + file.string() + " " + std::move(why)};
    };
    std::array<std::uint8_t, kSeedBytes> seed{};
    std::error_code ec;
    std::filesystem::create_directories(file.parent_path(), ec);
    const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made >= 0) {
        random.fill(std::as_writable_bytes(std::span{seed}));
        const std::string text = to_hex(seed) + "\n";
        const bool written =
            ::write(made, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(made) == 0;
        ::close(made);
        if (!written) return unreadable("cannot be written; is the disk full?");
    } else {
        struct stat status {};
        if (::stat(file.c_str(), &status) != 0) return unreadable("cannot be made; is the folder writable?");
        if ((status.st_mode & 077) != 0) return unreadable("may be read by others; make its mode 0600");
        std::string text;
        std::getline(std::ifstream{file}, text);
        const auto bytes = from_hex(text);
        if (!bytes || bytes->size() != kSeedBytes) return unreadable("is not a key of ours");
        std::copy(bytes->begin(), bytes->end(), seed.begin());
    }
    auto key = std::make_unique<Key>();
    key->handle.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
    check(key->handle != nullptr);
    std::array<std::uint8_t, 32> public_key{};
    std::size_t size = public_key.size();
    check(EVP_PKEY_get_raw_public_key(key->handle.get(), public_key.data(), &size) == 1);
    key->id = to_hex(sha256(public_key)).substr(0, 16);
    return std::unique_ptr<TokenSigner>{new TokenSigner(std::move(key))};
}

std::string TokenSigner::sign(Purpose purpose, const Claims& claims, UtcTime now, Random& random) const {
    const json::Object header{{"alg", "EdDSA"}, {"typ", type_of(purpose)}, {"kid", key_->id}};
    const std::int64_t seconds = now.ms / 1000;
    const json::Object payload{{"iss", kIssuer},         {"aud", audience_of(purpose)},
                               {"sub", claims.subject},  {"sid", claims.session_id},
                               {"role", claims.role},    {"iat", seconds},
                               {"nbf", seconds},         {"exp", claims.expires_at.ms / 1000},
                               {"jti", random.token(16)}};
    const std::string signed_part = encode_part(header) + "." + encode_part(payload);
    std::array<std::uint8_t, 64> signature{};
    std::size_t size = signature.size();
    const DigestHandle context{EVP_MD_CTX_new()};
    check(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_->handle.get()) == 1);
    check(EVP_DigestSign(context.get(), signature.data(), &size, as_bytes(signed_part).data(), signed_part.size()) ==
          1);
    return signed_part + "." + to_base64url(signature);
}

Result<Claims> TokenSigner::check_token(Purpose purpose, std::string_view token, UtcTime now) const {
    const auto first = token.find('.'), last = token.rfind('.');
    if (token.size() > kMaxTokenBytes || first == std::string_view::npos || first == last)
        return invalid_token("not three parts");
    // The signature comes first: nothing of an unsigned token is believed, not even its header.
    const auto signature = from_base64url(token.substr(last + 1));
    const std::string_view signed_part = token.substr(0, last);
    const DigestHandle context{EVP_MD_CTX_new()};
    if (!signature || signature->size() != 64 ||
        EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_->handle.get()) != 1 ||
        EVP_DigestVerify(context.get(), signature->data(), signature->size(), as_bytes(signed_part).data(),
                         signed_part.size()) != 1)
        return invalid_token("wrong signature");
    TRY(auto header, decode_part(token.substr(0, first)));
    if (header.size() != 3 || text_at(header, "alg") != "EdDSA" || text_at(header, "typ") != type_of(purpose) ||
        text_at(header, "kid") != key_->id)
        return invalid_token("wrong header");
    TRY(auto payload, decode_part(token.substr(first + 1, last - first - 1)));
    const auto expires = seconds_at(payload, "exp"), not_before = seconds_at(payload, "nbf");
    const std::int64_t seconds = now.ms / 1000;
    if (text_at(payload, "iss") != kIssuer || text_at(payload, "aud") != audience_of(purpose) || !expires ||
        !not_before || !is_uuid(text_at(payload, "sub")))
        return invalid_token("wrong claims");
    if (*not_before > seconds + kLeewaySeconds) return invalid_token("not valid yet");
    return Claims{std::string{text_at(payload, "sub")}, std::string{text_at(payload, "sid")},
                  std::string{text_at(payload, "role")}, UtcTime{*expires * 1000}};
}

Result<Claims> TokenSigner::verify(Purpose purpose, std::string_view token, UtcTime now) const {
    const Error expired{
        .kind = ErrorKind::unauthenticated, .code = "expired_token", .detail = "The token has expired."};
    {
        const std::scoped_lock lock{mutex_};
        const auto found = cache_.find(token);
        if (found != cache_.end() && found->second.first == purpose) {
            if (found->second.second.expires_at > now) return found->second.second;
            cache_.erase(found);
            return expired;
        }
    }
    TRY(auto claims, check_token(purpose, token, now));
    if (claims.expires_at <= now) return expired;
    const std::scoped_lock lock{mutex_};
    // Everything in it can be verified again, so a full cache simply starts anew.
    if (cache_.size() >= kMaxCached) cache_.clear();
    cache_.emplace(std::string{token}, std::pair{purpose, claims});
    return claims;
}

}  // namespace confidente::crypto
