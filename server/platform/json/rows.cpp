#include "platform/json/rows.hpp"

namespace confidente::json {

void Rows::quote(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    text_ += '"';
    std::size_t plain = 0;  // from here on nothing was written yet, and nothing needed a backslash
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
        text_.append(text, plain, i - plain);
        plain = i + 1;
        text_ += '\\';
        if (c == '"' || c == '\\') {
            text_ += c;
        } else {
            text_ += "u00";
            text_ += kHex[static_cast<unsigned char>(c) >> 4];
            text_ += kHex[c & 0xf];
        }
    }
    text_.append(text, plain);
    text_ += '"';
}

}  // namespace confidente::json
