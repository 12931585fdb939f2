#include "domain/gifts/service.hpp"

#include <array>

namespace confidente::gifts {

namespace {

constexpr std::array<GiftType, 6> kCatalogue{{{"rosa", "Rosa", "🌹", 10},
                                              {"beijo", "Beijo", "💋", 25},
                                              {"coracao", "Coração", "💖", 50},
                                              {"champanhe", "Champanhe", "🍾", 150},
                                              {"diamante", "Diamante", "💎", 500},
                                              {"coroa", "Coroa", "👑", 1000}}};

// One pass over both tables each, without a join: a join's plan would hang on how well the planner knows the tables.
constexpr db::Query kUnmatchedTransfer{
    "gifts_unmatched_transfer",
    "SELECT id FROM (SELECT id, transfer_id, 1 AS gifts, 0 AS transfers FROM gifts UNION ALL "
    "SELECT key, id, 0, 1 FROM transfers WHERE kind = 'gift') b GROUP BY id, transfer_id "
    "HAVING SUM(gifts) <> 1 OR SUM(transfers) <> 1 ORDER BY id LIMIT 1"};
constexpr db::Query kUnmatchedEvent{"gifts_unmatched_event",
                                    "SELECT id FROM (SELECT id, 1 AS gifts, 0 AS events FROM gifts UNION ALL "
                                    "SELECT key, 0, 1 FROM outbox WHERE topic = 'gift') b GROUP BY id "
                                    "HAVING SUM(gifts) <> 1 OR SUM(events) <> 1 ORDER BY id LIMIT 1"};

}  // namespace

std::span<const GiftType> catalogue() { return kCatalogue; }

Result<SentGift> Service::send(db::Transaction& tx, const SendGift& command) {
    const SendGift* one = &command;
    TRY(auto sent, send_all(tx, {&one, 1}));
    return std::move(sent.front());
}

Result<std::optional<std::string>> first_unmatched(db::Transaction& tx) {
    for (const auto* query : {&kUnmatchedTransfer, &kUnmatchedEvent}) {
        TRY(auto rows, tx.query(*query));
        if (!rows.empty()) return std::optional{rows[0].text("id")};
    }
    return std::optional<std::string>{};
}

}  // namespace confidente::gifts
