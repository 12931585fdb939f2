#include "media/protocol/stun/stun.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "platform/base/check.hpp"

namespace confidente::media {
namespace {

constexpr std::size_t kHeaderBytes = 20, kIntegrityBytes = 20, kMaxUsernameBytes = 513;
constexpr std::uint16_t kBinding = 0x001;
constexpr std::uint32_t kFingerprintMask = 0x5354554E;  // RFC 8489 section 14.7: "STUN"

enum Attribute : std::uint16_t {
    kUsername = 0x0006,
    kMessageIntegrity = 0x0008,
    kErrorCode = 0x0009,
    kXorMappedAddress = 0x0020,
    kPriority = 0x0024,
    kUseCandidate = 0x0025,
    kFingerprint = 0x8028,
    kIceControlled = 0x8029,
    kIceControlling = 0x802A,
};

using Digest = std::array<std::uint8_t, kIntegrityBytes>;

/// HMAC-SHA1 over the message up to the attribute, with the length that the message has up to the attribute's end
/// (RFC 8489 section 14.5).
Digest integrity_of(Bytes message, std::size_t attribute_at, std::string_view password) {
    std::array<std::uint8_t, kMaxStunBytes> copy;
    check(attribute_at <= copy.size() && attribute_at <= message.size());
    std::copy_n(message.begin(), attribute_at, copy.begin());
    store_be16(copy.data() + 2, static_cast<std::uint16_t>(attribute_at + 4 + kIntegrityBytes - kHeaderBytes));
    Digest digest = {};
    unsigned size = 0;
    HMAC(EVP_sha1(), password.data(), static_cast<int>(password.size()), copy.data(), attribute_at, digest.data(),
         &size);
    check(size == digest.size());
    return digest;
}

std::uint32_t fingerprint_of(Bytes message) {
    return static_cast<std::uint32_t>(crc32(0, message.data(), static_cast<uInt>(message.size()))) ^ kFingerprintMask;
}

std::optional<SocketAddress> read_xor_address(Bytes value, const StunTransaction& transaction) {
    const bool v6 = value.size() == 20 && value[1] == 2;
    if (!v6 && !(value.size() == 8 && value[1] == 1)) return {};
    std::array<std::uint8_t, 16> mask = {};
    store_be32(mask.data(), kStunCookie);
    std::copy(transaction.begin(), transaction.end(), mask.begin() + 4);
    SocketAddress address{.family = v6 ? AddressFamily::v6 : AddressFamily::v4, .ip = {}, .port = 0};
    address.port = static_cast<std::uint16_t>(load_be16(value.data() + 2) ^ kStunCookie >> 16);
    for (std::size_t i = 0; i + 4 < value.size(); ++i) address.ip[i] = value[i + 4] ^ mask[i];
    return address;
}

/// Appends attributes and keeps the length in the header right.
class Writer {
public:
    Writer(std::uint16_t type, const StunTransaction& transaction) {
        out_.reserve(128);
        out_.resize(kHeaderBytes);
        store_be16(out_.data(), type);
        store_be32(out_.data() + 4, kStunCookie);
        std::copy(transaction.begin(), transaction.end(), out_.begin() + 8);
    }
    void attribute(std::uint16_t type, Bytes value) {
        const std::size_t at = out_.size();
        out_.resize(at + 4 + (value.size() + 3) / 4 * 4);
        store_be16(out_.data() + at, type);
        store_be16(out_.data() + at + 2, static_cast<std::uint16_t>(value.size()));
        std::copy(value.begin(), value.end(), out_.begin() + static_cast<std::ptrdiff_t>(at + 4));
        store_be16(out_.data() + 2, static_cast<std::uint16_t>(out_.size() - kHeaderBytes));
    }
    void u32(std::uint16_t type, std::uint32_t value) {
        std::array<std::uint8_t, 4> bytes;
        store_be32(bytes.data(), value);
        attribute(type, bytes);
    }
    void u64(std::uint16_t type, std::uint64_t value) {
        std::array<std::uint8_t, 8> bytes;
        store_be64(bytes.data(), value);
        attribute(type, bytes);
    }
    Buffer finish(std::string_view password) {
        if (!password.empty()) attribute(kMessageIntegrity, integrity_of(out_, out_.size(), password));
        // The length already counts FINGERPRINT when its CRC is taken (RFC 8489 section 14.7).
        store_be16(out_.data() + 2, static_cast<std::uint16_t>(out_.size() + 8 - kHeaderBytes));
        u32(kFingerprint, fingerprint_of(out_));
        return std::move(out_);
    }

private:
    Buffer out_;
};

std::uint16_t type_of(StunClass message_class) {
    const auto bits = static_cast<std::uint16_t>(message_class);
    return static_cast<std::uint16_t>(kBinding | (bits & 1) << 4 | (bits & 2) << 7);
}

std::string_view reason(std::uint16_t code) {
    switch (code) {
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthenticated";
        case 420:
            return "Unknown Attribute";
        case 487:
            return "Role Conflict";
        default:
            return "";
    }
}

}  // namespace

/// One walk over the attributes, filling a message.
struct StunParser {
    StunMessage message;

    bool walk(Bytes datagram) {
        message.datagram_ = datagram;
        std::size_t at = kHeaderBytes, count = 0;
        while (at < datagram.size()) {
            if (++count > kMaxStunAttributes || datagram.size() - at < 4 || message.has_fingerprint_) return false;
            const std::uint16_t type = load_be16(datagram.data() + at);
            const std::size_t size = load_be16(datagram.data() + at + 2), padded = (size + 3) / 4 * 4;
            if (padded > datagram.size() - at - 4) return false;
            // After MESSAGE-INTEGRITY only FINGERPRINT counts (RFC 8489 section 14.5); the rest is ignored.
            const bool open = message.integrity_at_ == 0 || type == kFingerprint;
            if (open && !take(type, datagram.subspan(at + 4, size), at)) return false;
            at += 4 + padded;
        }
        return true;
    }

    bool take(std::uint16_t type, Bytes value, std::size_t at) {
        StunAttributes& attributes = message.attributes_;
        switch (type) {
            case kUsername:
                message.username_ = as_text(value);
                return value.size() <= kMaxUsernameBytes;
            case kMessageIntegrity:
                message.integrity_at_ = at;
                return value.size() == kIntegrityBytes;
            case kFingerprint:
                message.has_fingerprint_ = true;
                return value.size() == 4 && load_be32(value.data()) == fingerprint_of(message.datagram_.first(at));
            case kPriority:
                if (value.size() != 4) return false;
                attributes.priority = load_be32(value.data());
                return true;
            case kUseCandidate:
                attributes.use_candidate = true;
                return value.empty();
            case kIceControlled:
            case kIceControlling:
                if (value.size() != 8) return false;
                (type == kIceControlled ? attributes.ice_controlled : attributes.ice_controlling) =
                    load_be64(value.data());
                return true;
            case kXorMappedAddress:
                attributes.mapped = read_xor_address(value, message.transaction_);
                return attributes.mapped.has_value();
            case kErrorCode:
                if (value.size() < 4 || value[3] > 99 || (value[2] & 7) < 3 || (value[2] & 7) > 6) return false;
                attributes.error_code = static_cast<std::uint16_t>((value[2] & 7) * 100 + value[3]);
                return true;
            default:
                if (type < 0x8000) attributes.unknown_required = true;
                return true;
        }
    }
};

bool looks_like_stun(Bytes datagram) {
    return datagram.size() >= kHeaderBytes && datagram[0] < 4 && load_be32(datagram.data() + 4) == kStunCookie;
}

std::optional<StunMessage> StunMessage::parse(Bytes datagram) {
    if (!looks_like_stun(datagram) || datagram.size() > kMaxStunBytes) return {};
    const std::uint16_t type = load_be16(datagram.data()), length = load_be16(datagram.data() + 2);
    if (length % 4 != 0 || length + kHeaderBytes != datagram.size()) return {};
    StunParser parser;
    const auto message_class = static_cast<StunClass>((type >> 4 & 1) | (type >> 7 & 2));
    if (type != type_of(message_class)) return {};
    parser.message.class_ = message_class;
    std::copy_n(datagram.begin() + 8, 12, parser.message.transaction_.begin());
    if (!parser.walk(datagram)) return {};
    return parser.message;
}

std::optional<StunAttributes> StunMessage::authenticate(std::string_view password) const {
    if (integrity_at_ == 0 || password.empty()) return {};
    const Digest expected = integrity_of(datagram_, integrity_at_, password);
    if (CRYPTO_memcmp(expected.data(), datagram_.data() + integrity_at_ + 4, expected.size()) != 0) return {};
    return attributes_;
}

Buffer write_binding_request(const StunBindingRequest& request) {
    Writer writer{type_of(StunClass::request), request.transaction};
    writer.attribute(kUsername, as_bytes(request.username));
    writer.u32(kPriority, request.priority);
    writer.u64(kIceControlling, request.tie_breaker);
    if (request.use_candidate) writer.attribute(kUseCandidate, {});
    return writer.finish(request.password);
}

Buffer write_binding_success(const StunTransaction& transaction, const SocketAddress& seen, std::string_view password) {
    const SocketAddress mapped = seen.unmapped();
    Writer writer{type_of(StunClass::success), transaction};
    std::array<std::uint8_t, 20> value = {};
    const Bytes ip = mapped.ip_bytes();
    value[1] = mapped.family == AddressFamily::v6 ? 2 : 1;
    store_be16(value.data() + 2, static_cast<std::uint16_t>(mapped.port ^ kStunCookie >> 16));
    std::array<std::uint8_t, 16> mask = {};
    store_be32(mask.data(), kStunCookie);
    std::copy(transaction.begin(), transaction.end(), mask.begin() + 4);
    for (std::size_t i = 0; i < ip.size(); ++i) value[i + 4] = ip[i] ^ mask[i];
    writer.attribute(kXorMappedAddress, Bytes{value}.first(4 + ip.size()));
    return writer.finish(password);
}

Buffer write_binding_error(const StunTransaction& transaction, std::uint16_t code, std::string_view password) {
    Writer writer{type_of(StunClass::error), transaction};
    const std::string_view phrase = reason(code);
    Buffer value(4 + phrase.size());
    value[2] = static_cast<std::uint8_t>(code / 100);
    value[3] = static_cast<std::uint8_t>(code % 100);
    std::copy(phrase.begin(), phrase.end(), value.begin() + 4);
    writer.attribute(kErrorCode, value);
    return writer.finish(password);
}

}  // namespace confidente::media
