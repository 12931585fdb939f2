#include "domain/gifts/service.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "domain/profiles/blocks.hpp"
#include "domain/wallet/idempotency.hpp"
#include "domain/wallet/view.hpp"
#include "platform/bus/outbox.hpp"

namespace confidente::gifts {

namespace {

constexpr std::array<GiftType, 6> kCatalogue{{{"rosa", "Rosa", "🌹", 10},
                                              {"beijo", "Beijo", "💋", 25},
                                              {"coracao", "Coração", "💖", 50},
                                              {"champanhe", "Champanhe", "🍾", 150},
                                              {"diamante", "Diamante", "💎", 500},
                                              {"coroa", "Coroa", "👑", 1000}}};

constexpr db::Query kLive{"gifts_live", "SELECT status, model_id, price FROM lives WHERE id = :id"};
constexpr db::Query kEntry{"gifts_entry",
                           "SELECT 1 AS entered FROM live_entries WHERE live_id = :live_id AND user_id = :user_id"};
constexpr db::Query kSender{"gifts_sender", "SELECT name FROM users WHERE id = :id"};
constexpr db::Query kInsert{
    "gifts_insert",
    "INSERT INTO gifts (id, live_id, user_id, model_id, gift_type, amount, unit_price, total, transfer_id, created_at) "
    "VALUES (:id, :live_id, :user_id, :model_id, :gift_type, :amount, :unit_price, :total, :transfer_id, :created_at)"};
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

Result<GiftType> find_type(std::string_view type) {
    const auto found =
        std::find_if(kCatalogue.begin(), kCatalogue.end(), [&](const auto& g) { return g.type == type; });
    if (found != kCatalogue.end()) return *found;
    return Error{ErrorKind::not_found, "gift_not_found", "There is no such gift."};
}

json::Object gift_view(const GiftId& id, const SendGift& command, const GiftType& type, std::string_view sender,
                       std::int64_t total, UtcTime at) {
    return {{"id", id.value},
            {"liveId", command.live.value},
            {"userId", command.user.value},
            {"giftType", type.type},
            {"amount", command.amount},
            {"createdAt", to_iso8601(at)},
            {"senderName", sender},
            {"icon", type.icon},
            {"name", type.name},
            {"total", total}};
}

/// `{userId, balance, currency, earnings?}`: what `wallet:updated` tells this user.
json::Object wallet_of(std::string_view user, const wallet::Balance& balance, wallet::Earnings earnings) {
    auto view = wallet::wallet_view(balance, earnings);
    view["userId"] = user;
    return view;
}

}  // namespace

std::span<const GiftType> catalogue() { return kCatalogue; }

/// Whom the gift is for and who it says it is from.
struct Service::Stage {
    std::string model_id;
    std::string sender_name;
};

Result<Service::Stage> Service::stage_for(db::Transaction& tx, const SendGift& command) {
    TRY(auto lives, tx.query(kLive, {{"id", command.live.value}}));
    if (lives.empty()) return Error{ErrorKind::not_found, "live_not_found", "There is no such live."};
    const auto& live = lives[0];
    const auto& model = live.text("model_id");
    TRY(const bool blocked, profiles::blocked_between(tx, model, command.user.value));
    if (blocked) return Error{ErrorKind::forbidden, "blocked", "You cannot send gifts here."};
    if (live.text("status") != "live") return Error{ErrorKind::conflict, "live_not_live", "The live is not on air."};
    if (model == command.user.value) return Error{ErrorKind::forbidden, "forbidden", "A gift needs two people."};
    if (live.integer("price") > 0) {
        TRY(auto entry, tx.query(kEntry, {{"live_id", command.live.value}, {"user_id", command.user.value}}));
        if (entry.empty()) return Error{ErrorKind::forbidden, "entry_required", "Enter the live first."};
    }
    TRY(auto sender, tx.query(kSender, {{"id", command.user.value}}));
    return Stage{model, sender.empty() ? std::string{} : sender[0].text("name")};
}

Result<SentGift> Service::send(db::Transaction& tx, const SendGift& command) {
    const wallet::OnceOnly once{command.user.value, "gift", command.key,
                                command.live.value + "|" + command.gift_type + "|" + std::to_string(command.amount)};
    TRY(auto first, wallet::first_answer(tx, once));
    if (first) return SentGift{std::move(*first), true};

    TRY(const auto type, find_type(command.gift_type));
    if (command.amount < 1 || command.amount > kMaxAmount) {
        return validation_error("amount", "out_of_range", "The amount must be from 1 to 100.");
    }
    TRY(const auto stage, stage_for(tx, command));
    TRY(const auto total, wallet::checked_multiply(type.price, command.amount));

    const UtcTime now = clock_.utc_now();
    const auto id = GiftId::make(now, random_);
    const json::Object detail{{"giftType", type.type},
                              {"quantity", command.amount},
                              {"liveId", command.live.value},
                              {"from", command.user.value},
                              {"to", stage.model_id}};
    TRY(const auto transfer,
        wallet_.pay_gift(tx, {id.value, command.user.value, stage.model_id, total, boost::json::serialize(detail)}));
    TRY_VOID(tx.execute(kInsert, {{"id", id.value},
                                  {"live_id", command.live.value},
                                  {"user_id", command.user.value},
                                  {"model_id", stage.model_id},
                                  {"gift_type", type.type},
                                  {"amount", command.amount},
                                  {"unit_price", type.price},
                                  {"total", total},
                                  {"transfer_id", transfer.id.value},
                                  {"created_at", now.ms}}));

    TRY(const auto sender, wallet_.balance_of(tx, command.user.value));
    TRY(const auto model, wallet_.balance_of(tx, stage.model_id));
    const auto gift = gift_view(id, command, type, stage.sender_name, total, now);
    json::Array wallets;
    wallets.emplace_back(wallet_of(command.user.value, sender, wallet::Earnings::hidden));
    wallets.emplace_back(wallet_of(stage.model_id, model, wallet::Earnings::shown));
    const json::Object event{{"gift", gift}, {"wallets", std::move(wallets)}};
    TRY_VOID(bus::append(tx, "gift", id.value, boost::json::serialize(event), now));

    SentGift sent;
    sent.answer = boost::json::serialize(json::Object{{"gift", gift}, {"balance", sender.tokens}});
    TRY_VOID(wallet::keep_answer(tx, once, sent.answer, now));
    return sent;
}

Result<std::optional<std::string>> first_unmatched(db::Transaction& tx) {
    for (const auto* query : {&kUnmatchedGift, &kUnmatchedTransfer, &kUnmatchedEvent}) {
        TRY(auto rows, tx.query(*query));
        if (!rows.empty()) return std::optional{rows[0].text("id")};
    }
    return std::optional<std::string>{};
}

}  // namespace confidente::gifts
