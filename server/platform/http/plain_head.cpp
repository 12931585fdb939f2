#include "platform/http/plain_head.hpp"

#include <array>

#include "platform/http/text.hpp"

namespace confidente::http {
namespace {

enum Kind : std::uint8_t { kToken = 1, kTarget = 2, kValue = 4 };

/// What a character may be part of (RFC 9110 §5.6.2, §5.5). Bytes beyond ASCII are left to Beast.
constexpr std::array<std::uint8_t, 256> kKinds = [] {
    std::array<std::uint8_t, 256> kinds{};
    for (unsigned c = 0x21; c < 0x7F; ++c) kinds[c] = kTarget | kValue;
    kinds[' '] = kinds['\t'] = kValue;
    constexpr std::string_view kTokens =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (const char c : kTokens) kinds[static_cast<unsigned char>(c)] |= kToken;
    return kinds;
}();

/// The characters of `kind` that `text` begins with; it loses them.
std::string_view take(std::string_view& text, Kind kind) {
    std::size_t size = 0;
    while (size < text.size() && (kKinds[static_cast<unsigned char>(text[size])] & kind) != 0) ++size;
    const auto taken = text.substr(0, size);
    text.remove_prefix(size);
    return taken;
}

bool skip(std::string_view& text, std::string_view wanted) {
    if (!text.starts_with(wanted)) return false;
    text.remove_prefix(wanted.size());
    return true;
}

/// Fields that change how what follows is read, or who reads it.
bool is_for_beast(std::string_view name) {
    constexpr std::array<std::string_view, 6> kNames = {"content-length", "transfer-encoding", "upgrade",
                                                        "expect",         "trailer",           "proxy-connection"};
    for (const auto known : kNames)
        if (equals_ignoring_case(name, known)) return true;
    return false;
}

/// False when the field makes the head another than a plain one.
bool note(PlainHead& head, bool& has_host, std::string_view name, std::string_view value) {
    if (name.size() == 4 && equals_ignoring_case(name, "host")) return !std::exchange(has_host, true);
    if (name.size() == 10 && equals_ignoring_case(name, "connection")) {
        if (!equals_ignoring_case(value, "close")) return equals_ignoring_case(value, "keep-alive");
        head.keep_alive = false;
        return true;
    }
    return !is_for_beast(name);
}

}  // namespace

std::optional<PlainHead> read_plain_head(std::string_view bytes, Headers& headers) {
    PlainHead head;
    auto rest = bytes;
    if (skip(rest, "HEAD "))
        head.method = Method::head;
    else if (!skip(rest, "GET "))
        return std::nullopt;
    head.target = take(rest, kTarget);
    if (head.target.empty() || !skip(rest, " HTTP/1.1\r\n")) return std::nullopt;
    bool has_host = false;
    while (!skip(rest, "\r\n")) {
        const auto name = take(rest, kToken);
        if (name.empty() || !skip(rest, ":") || headers.size() == kMaxPlainFields) return std::nullopt;
        const auto value = trimmed(take(rest, kValue));
        if (!skip(rest, "\r\n") || !note(head, has_host, name, value)) return std::nullopt;
        headers.emplace_back(name, value);
    }
    head.size = bytes.size() - rest.size();
    if (!has_host) return std::nullopt;
    return head;
}

}  // namespace confidente::http
