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

constexpr db::Query kUnmatchedGift{
    "gifts_unmatched_gift",
    "SELECT g.id FROM gifts g "
    "LEFT JOIN transfers t ON t.id = g.transfer_id AND t.kind = 'gift' AND t.key = g.id "
    "LEFT JOIN (SELECT key, COUNT(*) AS n FROM outbox WHERE topic = 'gift' GROUP BY key) o ON o.key = g.id "
    "WHERE t.id IS NULL OR o.n IS NULL OR o.n <> 1 ORDER BY g.id LIMIT 1"};
constexpr db::Query kUnmatchedTransfer{"gifts_unmatched_transfer",
                                       "SELECT t.id FROM transfers t LEFT JOIN gifts g ON g.transfer_id = t.id "
                                       "WHERE t.kind = 'gift' AND g.id IS NULL ORDER BY t.seq LIMIT 1"};
constexpr db::Query kUnmatchedEvent{"gifts_unmatched_event",
                                    "SELECT o.key AS id FROM outbox o LEFT JOIN gifts g ON g.id = o.key "
                                    "WHERE o.topic = 'gift' AND g.id IS NULL ORDER BY o.seq LIMIT 1"};

}  // namespace

std::span<const GiftType> catalogue() { return kCatalogue; }

Result<SentGift> Service::send(db::Transaction& tx, const SendGift& command) {
    const SendGift* one = &command;
    TRY(auto sent, send_all(tx, {&one, 1}));
    return std::move(sent.front());
}

Result<std::optional<std::string>> first_unmatched(db::Transaction& tx) {
    for (const auto* query : {&kUnmatchedGift, &kUnmatchedTransfer, &kUnmatchedEvent}) {
        TRY(auto rows, tx.query(*query));
        if (!rows.empty()) return std::optional{rows[0].text("id")};
    }
    return std::optional<std::string>{};
}

}  // namespace confidente::gifts
