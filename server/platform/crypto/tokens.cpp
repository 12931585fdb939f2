#include "platform/crypto/tokens.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "platform/base/bytes.hpp"
#include "platform/base/check.hpp"

namespace confidente::crypto {
namespace {

constexpr std::size_t kMaxNumberDigits = 11;
constexpr std::size_t kMaxClaim = 200;

std::string_view audience(Purpose purpose) { return purpose == Purpose::access ? "access" : "playback"; }

bool plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == ':' || c == '/' || c == '-';
    });
}

Error invalid() {
    return {.kind = ErrorKind::unauthenticated, .code = "invalid_token", .detail = "The token is not valid."};
}
Error expired() {
    return {.kind = ErrorKind::unauthenticated, .code = "expired_token", .detail = "The token has expired."};
}

struct Payload {
    std::optional<std::string> iss, aud, sub, sid, role, live, jti;
    std::optional<std::int64_t> iat, nbf, exp;
};

/// Reads exactly what issue() writes: one flat object of plain texts and whole numbers, without spaces.
class PayloadReader {
public:
    explicit PayloadReader(std::string_view text) : rest_(text) {}

    std::optional<Payload> read() {
        Payload payload;
        if (!skip('{')) return std::nullopt;
        do {
            const auto name = quoted();
            if (!name || !skip(':') || !claim(payload, *name)) return std::nullopt;
        } while (skip(','));
        if (!skip('}') || !rest_.empty()) return std::nullopt;
        return payload;
    }

private:
    bool skip(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::optional<std::string> quoted() {
        if (!skip('"')) return std::nullopt;
        const auto end = rest_.find('"');
        if (end == std::string_view::npos || end == 0 || end > kMaxClaim || !plain(rest_.substr(0, end)))
            return std::nullopt;
        std::string text{rest_.substr(0, end)};
        rest_.remove_prefix(end + 1);
        return text;
    }
    std::optional<std::int64_t> number() {
        std::size_t digits = 0;
        std::int64_t value = 0;
        while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9' && digits < kMaxNumberDigits)
            value = value * 10 + (rest_[digits++] - '0');
        if (digits == 0 || rest_.front() == '0') return std::nullopt;
        rest_.remove_prefix(digits);
        return value;
    }
    bool claim(Payload& payload, std::string_view name) {
        const std::array<std::pair<std::string_view, std::optional<std::string>*>, 7> texts{{{"iss", &payload.iss},
                                                                                             {"aud", &payload.aud},
                                                                                             {"sub", &payload.sub},
                                                                                             {"sid", &payload.sid},
                                                                                             {"role", &payload.role},
                                                                                             {"live", &payload.live},
                                                                                             {"jti", &payload.jti}}};
        const std::array<std::pair<std::string_view, std::optional<std::int64_t>*>, 3> numbers{
            {{"iat", &payload.iat}, {"nbf", &payload.nbf}, {"exp", &payload.exp}}};
        for (const auto& [known, place] : texts)
            if (known == name) return !place->has_value() && (*place = quoted()).has_value();
        for (const auto& [known, place] : numbers)
            if (known == name) return !place->has_value() && (*place = number()).has_value();
        return false;
    }
    std::string_view rest_;
};

std::string header_text(const std::string& kid, std::string_view type) {
    const auto text = R"({"alg":"EdDSA","kid":")" + kid + R"(","typ":")" + std::string{type} + "\"}";
    return to_base64url(as_bytes(text));
}

void add(std::string& out, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    check(plain(value) && value.size() <= kMaxClaim);
    out.append(out.size() > 1 ? ",\"" : "\"").append(name).append("\":\"").append(value).append("\"");
}

}  // namespace

TokenAuthority::TokenAuthority(SigningKey key, std::string issuer, Random& random)
    : TokenAuthority(std::vector<TimedKey>{{UtcTime{0}, std::move(key)}}, std::move(issuer), random) {}

TokenAuthority::TokenAuthority(std::vector<TimedKey> keys, std::string issuer, Random& random)
    : issuer_(std::move(issuer)), random_(random), ring_(hold(std::move(keys))) {}

const std::string& TokenAuthority::Held::header(Purpose purpose) const {
    return purpose == Purpose::access ? access_header : playback_header;
}

TokenAuthority::Ring TokenAuthority::hold(std::vector<TimedKey> keys) {
    check(!keys.empty());
    std::vector<Held> held;
    for (auto& [from, key] : keys) {
        auto access = header_text(key.kid(), "at+jwt"), playback = header_text(key.kid(), "playback+jwt");
        held.push_back({from, std::move(key), std::move(access), std::move(playback)});
    }
    return std::make_shared<const std::vector<Held>>(std::move(held));
}

void TokenAuthority::set_keys(std::vector<TimedKey> keys) {
    auto ring = hold(std::move(keys));
    const std::scoped_lock lock{mutex_};
    ring_ = std::move(ring);
    verified_.clear();
}

TokenAuthority::Ring TokenAuthority::ring() const {
    const std::scoped_lock lock{mutex_};
    return ring_;
}

std::string TokenAuthority::issue(Purpose purpose, const Claims& claims, UtcTime now) const {
    const auto issued = std::to_string(now.ms / 1000);
    std::string payload = "{";
    add(payload, "iss", issuer_);
    add(payload, "aud", audience(purpose));
    add(payload, "sub", claims.subject);
    add(payload, "sid", claims.session);
    add(payload, "role", claims.role);
    add(payload, "live", claims.live);
    add(payload, "jti", random_.token(16));
    payload += ",\"iat\":" + issued + ",\"nbf\":" + issued + ",\"exp\":" + std::to_string(claims.expires_at.ms / 1000);
    payload += '}';
    const auto held = ring();
    const auto* signer = &held->front();
    for (const auto& next : *held)
        if (next.from <= now) signer = &next;
    auto token = signer->header(purpose) + '.' + to_base64url(as_bytes(payload));
    const auto signature = signer->key.sign(token);
    return token + '.' + to_base64url(as_bytes(signature));
}

Result<Claims> TokenAuthority::verify(Purpose purpose, std::string_view token, UtcTime now) const {
    if (token.size() > kMaxTokenBytes) return invalid();
    // The header names the purpose, so a cached token of another one does not pass either.
    const auto held = ring();
    const auto signer = std::find_if(held->begin(), held->end(), [&](const Held& known) {
        const auto& wanted = known.header(purpose);
        return token.size() > wanted.size() && token.starts_with(wanted) && token[wanted.size()] == '.';
    });
    if (signer == held->end()) return invalid();
    const auto& expected = signer->header(purpose);
    std::string key{token};
    {
        const std::scoped_lock lock{mutex_};
        if (const auto found = verified_.find(key); found != verified_.end()) {
            if (found->second.expires_at > now) return found->second;
            verified_.erase(found);
            return expired();
        }
    }
    const auto dot = token.find('.', expected.size() + 1);
    if (dot == std::string_view::npos) return invalid();
    const auto signature = from_base64url(token.substr(dot + 1));
    if (!signature || !signer->key.verify(token.substr(0, dot), as_text(*signature))) return invalid();
    const auto text = from_base64url(token.substr(expected.size() + 1, dot - expected.size() - 1));
    const auto payload = text ? PayloadReader{as_text(*text)}.read() : std::nullopt;
    if (!payload || payload->iss != issuer_ || payload->aud != audience(purpose) || !payload->sub || !payload->exp ||
        !payload->iat || !payload->nbf)
        return invalid();
    const auto seconds = now.ms / 1000;
    if (*payload->nbf > seconds + kLeewaySeconds || *payload->iat > seconds + kLeewaySeconds) return invalid();
    Claims claims{*payload->sub, payload->sid.value_or(""), payload->role.value_or(""), payload->live.value_or(""),
                  UtcTime{*payload->exp * 1000}};
    if (claims.expires_at <= now) return expired();
    const std::scoped_lock lock{mutex_};
    if (ring_ != held) return claims;  // the keys changed meanwhile: whether this one stays is not remembered
    if (verified_.size() >= kMaxCachedTokens) verified_.clear();
    verified_.emplace(std::move(key), claims);
    return claims;
}

}  // namespace confidente::crypto
