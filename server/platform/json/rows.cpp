#include "platform/json/rows.hpp"

namespace confidente::json {

void Rows::quote(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    text_ += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            text_ += '\\';
            text_ += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            text_ += "\\u00";
            text_ += kHex[static_cast<unsigned char>(c) >> 4];
            text_ += kHex[c & 0xf];
        } else {
            text_ += c;
        }
    }
    text_ += '"';
}

}  // namespace confidente::json
