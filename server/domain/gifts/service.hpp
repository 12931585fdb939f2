// Gifts: what they cost, and sending one. A gift is one transaction: tokens move, the gift is written, the event waits
// in the outbox (topic `gift`), the answer is kept for repeats. Gifts that wait at the same time are written together,
// table by table (batch()); each has its own answer, and one that is refused writes nothing.
//
// Errors: 404 `live_not_found`, `gift_not_found`; 409 `live_not_live`; 403 `entry_required`, `blocked`; 402
// `insufficient_tokens`; 422 `validation_failed` for an amount outside 1–100; those of wallet/idempotency.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/wallet/service.hpp"
#include "platform/base/ids.hpp"
#include "platform/db/database.hpp"

namespace confidente::gifts {

struct GiftType {
    std::string_view type;
    std::string_view name;
    std::string_view icon;
    std::int64_t price;  ///< tokens
};
std::span<const GiftType> catalogue();

inline constexpr std::int64_t kMaxAmount = 100;  ///< of one type in one gift

struct SendGift {
    LiveId live;
    UserId user;
    std::string gift_type;
    std::int64_t amount = 1;  ///< how many
    std::string key;          ///< idempotency key
};

struct SentGift {
    std::string answer;     ///< JSON `{gift, balance}`, the same bytes for every repeat
    bool repeated = false;  ///< it was sent before; nothing moved now
};

class Service {
public:
    Service(Clock& clock, Random& random, wallet::Service& wallet) : clock_(clock), random_(random), wallet_(wallet) {}

    Result<SentGift> send(db::Transaction& tx, const SendGift& command);
    /// One answer for each, decided in their order.
    Result<std::vector<Result<SentGift>>> send_all(db::Transaction& tx, std::span<const SendGift* const> commands);
    /// send_all() for db.write_batched().
    const db::Batch<SendGift, SentGift>& batch() const { return batch_; }

private:
    Clock& clock_;
    Random& random_;
    wallet::Service& wallet_;
    db::Batch<SendGift, SentGift> batch_{
        [this](db::Transaction& tx, std::span<const SendGift* const> commands) { return send_all(tx, commands); }};
};

/// I9: every gift has its transfer and its event, and the reverse. The id of the first gift or transfer that does not.
Result<std::optional<std::string>> first_unmatched(db::Transaction& tx);

}  // namespace confidente::gifts
