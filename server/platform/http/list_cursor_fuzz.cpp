// Sealed list positions: one opens only as it was given, for the list that gave it; what strangers make does not open.
#include "platform/base/bytes.hpp"
#include "platform/http/paging.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::http;
using confidente::testing::FuzzInput;

namespace {

const Cursors& cursors() {
    static const Cursors made{"a key that strangers do not have"};
    return made;
}

void check_stranger(std::string_view cursor) {
    const auto opened = cursors().open("lives", cursor);
    // The fuzzer sees the comparisons and may repeat a seal of ours; it cannot make another.
    if (opened)
        check(cursors().seal("lives", *opened) == cursor);
    else
        check(opened.error().code == "invalid_cursor");
}

/// A cursor of ours, whole and then changed.
void check_own(FuzzInput input) {
    const std::string list{as_text(input.take(input.u8()))};
    const std::string position{as_text(input.take(input.u8()))};
    const auto place = input.u16();
    const auto change = static_cast<char>(input.u8());
    const auto cursor = cursors().seal(list, position);
    const auto opened = cursors().open(list, cursor);
    // An empty position is none, and a cursor longer than the limit was never given.
    check(opened.has_value() == (!position.empty() && cursor.size() <= kMaxCursor));
    if (!opened) return;
    check(*opened == position);
    check(!cursors().open(list + "x", cursor));
    check(!Cursors{"another key"}.open(list, cursor));
    auto changed = cursor;
    changed[place % changed.size()] = change;
    check(cursors().open(list, changed).has_value() == (changed == cursor));
    check(!cursors().open(list, cursor.substr(0, place % cursor.size())));
    if (!list.empty()) check(!cursors().open(list.substr(0, list.size() - 1), cursor));
}

}  // namespace

FUZZ(input) {
    check_stranger(as_text(input));
    check_own(FuzzInput{input});
    if (const auto number = position_number(as_text(input)))
        check(*position_number(std::to_string(*number)) == *number);
}
