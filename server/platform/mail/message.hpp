// One mail as bytes: RFC 5322 headers, a plain and an HTML part (RFC 2046 §5.1.4), subjects in any language (RFC 2047).
//
// Invariants: nothing that is given in here can add a header or a recipient: addresses with control characters, spaces
// or brackets are refused, and everything else is encoded. Lines have at most 998 octets and end with CRLF.
// Errors: `bad_address`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "platform/base/random.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"

namespace confidente::mail {

inline constexpr std::size_t kMaxSubject = 200;  ///< bytes; longer ones are cut

struct Message {
    std::string to;  ///< one bare address
    std::string subject;
    std::string text;
    std::string html;
    std::string language;
};

struct Sender {
    std::string address;  ///< one bare address
    std::string name;
};

/// How the parts are written: as they are, for people who read the file, or in ASCII, for any relay.
enum class Encoding : std::uint8_t { eight_bit, quoted_printable };

/// True for an address that can stand in a header and in an envelope.
bool is_address(std::string_view text);
Result<std::string> compose(const Message& message, const Sender& sender, Encoding encoding, UtcTime now,
                            Random& random);

/// RFC 2047 encoded words where the text is not plain ASCII; control characters become spaces.
std::string encoded_words(std::string_view text);
/// RFC 2045 §6.7, with CRLF line ends.
std::string quoted_printable(std::string_view text);
/// Text as it may stand between HTML tags and in quoted attributes.
std::string html_escaped(std::string_view text);

}  // namespace confidente::mail
