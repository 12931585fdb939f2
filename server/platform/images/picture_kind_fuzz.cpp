// What a picture says it is by its first bytes. The decoders behind it are others' and run in the sandbox; what stands
// in front of them lets nothing through that begins like something else.
#include <algorithm>

#include "platform/images/picture.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::images;

FUZZ(input) {
    const auto kind = sniff(input);
    const auto text = as_text(input);
    check((kind == Kind::jpeg) == text.starts_with("\xff\xd8\xff"));
    check((kind == Kind::png) == text.starts_with("\x89PNG\r\n\x1a\n"));
    check((kind == Kind::webp) ==
          (text.starts_with("RIFF") && text.substr(std::min<std::size_t>(8, text.size())).starts_with("WEBP")));
    // What browsers would run or read as a page, were it ever served as it came.
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && text[first] == '<') check(kind == Kind::unknown);
    // The rest of the file does not change what it is.
    check(sniff(input.first(std::min<std::size_t>(12, input.size()))) == kind);
}
