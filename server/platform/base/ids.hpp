// Identifiers: UUIDv7 (RFC 9562 §5.7) as text, a type of their own per kind so that they cannot be mixed up.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "platform/base/random.hpp"
#include "platform/base/time.hpp"

namespace confidente {

/// A new UUIDv7: time-ordered to the millisecond, the rest random.
std::string make_uuid_v7(UtcTime now, Random& random);
/// UUIDv7s for what is no secret and made often, such as the ids of requests: random where the process begins, counted
/// from there and mixed (RFC 9562 §6.2), so that none costs a system call. No two of a sequence are the same. One who
/// has seen some can guess others: never for what must not be guessed. Thread-safe.
class UuidSequence {
public:
    explicit UuidSequence(Random& random);
    std::string next(UtcTime now);

private:
    std::atomic<std::uint64_t> next_;
    const std::uint64_t prefix_;
};

/// True for 36 characters of lower-case UUID. What comes from outside is checked before it meets a table.
bool is_uuid(std::string_view text);

template <class Tag>
struct Id {
    std::string value;
    static Id make(UtcTime now, Random& random) { return {make_uuid_v7(now, random)}; }
    bool empty() const { return value.empty(); }
    auto operator<=>(const Id&) const = default;
};

using UserId = Id<struct UserTag>;
using SessionId = Id<struct SessionTag>;
using ChatId = Id<struct ChatTag>;
using MessageId = Id<struct MessageTag>;
using LiveId = Id<struct LiveTag>;
using GiftId = Id<struct GiftTag>;
using PurchaseId = Id<struct PurchaseTag>;
using TransferId = Id<struct TransferTag>;

}  // namespace confidente

template <class Tag>
struct std::hash<confidente::Id<Tag>> {
    std::size_t operator()(const confidente::Id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.value); }
};
