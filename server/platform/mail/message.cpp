#include "platform/mail/message.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "platform/base/bytes.hpp"

namespace confidente::mail {
namespace {

constexpr std::size_t kEncodedWord = 45;    // bytes of text: 60 of base64, so that a word stays below 75 characters
constexpr std::size_t kQuotedLine = 76;     // RFC 2045 §6.7 (5)
constexpr std::size_t kEightBitLine = 900;  // below the 998 octets of RFC 5322 §2.1.1
constexpr std::size_t kMaxAddress = 254;    // RFC 5321 §4.5.3.1.3

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// The longest beginning of at most `limit` bytes that does not cut a character.
std::string_view head_of(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return text;
    while (limit > 0 && is_continuation(text[limit])) --limit;
    return text.substr(0, limit);
}

std::string without_controls(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
    return out;
}

std::string date_header(UtcTime now) {
    static constexpr std::array<const char*, 7> kDays{"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto date = date_of(now);
    const auto seconds = now.ms / 1000;
    std::array<char, 64> out{};
    std::snprintf(out.data(), out.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000",
                  kDays[static_cast<std::size_t>(seconds / 86'400 % 7)], date.day, kMonths[date.month - 1], date.year,
                  static_cast<int>(seconds / 3600 % 24), static_cast<int>(seconds / 60 % 60),
                  static_cast<int>(seconds % 60));
    return out.data();
}

/// Line ends become CRLF, and lines too long for the wire are broken.
std::string eight_bit(std::string_view text) {
    std::string out;
    std::size_t column = 0;
    for (const char c : text) {
        if (c == '\r') continue;
        if (c == '\n' || (column >= kEightBitLine && !is_continuation(c))) {
            out += "\r\n";
            column = 0;
            if (c == '\n') continue;
        }
        out += c;
        ++column;
    }
    return out;
}

void add_part(std::string& out, const std::string& boundary, std::string_view type, std::string_view content,
              Encoding encoding) {
    const bool plain = encoding == Encoding::eight_bit;
    out += "--" + boundary + "\r\nContent-Type: " + std::string{type} + "; charset=utf-8\r\n";
    out += std::string{"Content-Transfer-Encoding: "} + (plain ? "8bit" : "quoted-printable") + "\r\n\r\n";
    out += plain ? eight_bit(content) : quoted_printable(content);
    out += "\r\n";
}

}  // namespace

bool is_address(std::string_view text) {
    const auto at = text.rfind('@');
    if (text.size() > kMaxAddress || at == std::string_view::npos || at == 0 || at + 1 == text.size()) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != 0x7f &&
               std::string_view{"<>()[]\\,;:\""}.find(c) == std::string_view::npos;
    });
}

std::string encoded_words(std::string_view text) {
    const auto clean = without_controls(text);
    const bool ascii =
        std::all_of(clean.begin(), clean.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    // What already looks like an encoded word would be decoded by the reader, so it is encoded once more.
    if (ascii && clean.find("=?") == std::string::npos) return clean;
    std::string out;
    for (std::string_view rest = clean; !rest.empty();) {
        const auto word = head_of(rest, kEncodedWord);
        if (word.empty()) break;  // not UTF-8 at all
        rest.remove_prefix(word.size());
        if (!out.empty()) out += "\r\n ";
        out += "=?UTF-8?B?" + to_base64(as_bytes(word)) + "?=";
    }
    return out;
}

std::string quoted_printable(std::string_view text) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    std::size_t column = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\r') continue;
        if (c == '\n') {
            out += "\r\n";
            column = 0;
            continue;
        }
        const bool last = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
        const bool plain = (c > ' ' && c < 0x7f && c != '=') || ((c == ' ' || c == '\t') && !last);
        const std::size_t width = plain ? 1 : 3;
        if (column + width > kQuotedLine - 1) {
            out += "=\r\n";
            column = 0;
        }
        if (plain)
            out += c;
        else
            out.append({'=', kHex[static_cast<unsigned char>(c) >> 4], kHex[static_cast<unsigned char>(c) & 15]});
        column += width;
    }
    return out;
}

std::string html_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else if (c == '\'')
            out += "&#39;";
        else
            out += c;
    }
    return out;
}

Result<std::string> compose(const Message& message, const Sender& sender, Encoding encoding, UtcTime now,
                            Random& random) {
    if (!is_address(message.to) || !is_address(sender.address))
        return Error{.kind = ErrorKind::unprocessable, .code = "bad_address", .detail = "This is not an address."};
    const auto domain = sender.address.substr(sender.address.rfind('@') + 1);
    const auto boundary = "=_" + random.token(24);
    std::string out;
    const auto header = [&out](std::string_view name, std::string_view value) {
        out.append(name).append(": ").append(value).append("\r\n");
    };
    header("From", encoded_words(sender.name) + " <" + sender.address + ">");
    header("To", "<" + message.to + ">");
    header("Subject", encoded_words(head_of(message.subject, kMaxSubject)));
    header("Date", date_header(now));
    header("Message-ID", "<" + random.token(24) + "@" + domain + ">");
    header("MIME-Version", "1.0");
    header("Content-Language", without_controls(message.language));
    // RFC 3834: nobody's absence is to be answered to a machine.
    header("Auto-Submitted", "auto-generated");
    header("Content-Type", "multipart/alternative; boundary=\"" + boundary + "\"");
    out += "\r\n";
    add_part(out, boundary, "text/plain", message.text, encoding);
    add_part(out, boundary, "text/html", message.html, encoding);
    out += "--" + boundary + "--\r\n";
    return out;
}

}  // namespace confidente::mail
