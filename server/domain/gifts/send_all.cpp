// Sending many gifts as one: read what all of them need, decide each in its turn, write table by table.
#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <utility>

#include "domain/gifts/service.hpp"
#include "domain/wallet/idempotency.hpp"
#include "domain/wallet/view.hpp"
#include "platform/bus/outbox.hpp"
#include "platform/json/rows.hpp"

namespace confidente::gifts {

namespace {

constexpr db::Query kLives{"gifts_lives",
                           "SELECT l.id, l.status, l.model_id, l.price FROM json_each(:ids) r "
                           "JOIN lives l ON l.id = r.value ->> 0"};
constexpr db::Query kEntries{"gifts_entries",
                             "SELECT e.live_id, e.user_id FROM json_each(:pairs) r "
                             "JOIN live_entries e ON e.live_id = r.value ->> 0 AND e.user_id = r.value ->> 1"};
constexpr db::Query kBlocks{"gifts_blocks",
                            "SELECT b.blocker_id, b.blocked_id FROM json_each(:pairs) r "
                            "JOIN blocks b ON b.blocker_id = r.value ->> 0 AND b.blocked_id = r.value ->> 1"};
constexpr db::Query kSenders{"gifts_senders",
                             "SELECT u.id, u.name FROM json_each(:ids) r JOIN users u ON u.id = r.value ->> 0"};
constexpr db::Query kInsert{
    "gifts_insert",
    "INSERT INTO gifts (id, live_id, user_id, model_id, gift_type, amount, unit_price, total, transfer_id, created_at) "
    "SELECT r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, r.value ->> 4, CAST(r.value ->> 5 AS BIGINT), "
    "CAST(r.value ->> 6 AS BIGINT), CAST(r.value ->> 7 AS BIGINT), r.value ->> 8, CAST(r.value ->> 9 AS BIGINT) "
    "FROM json_each(:rows) r"};

using Commands = std::span<const SendGift* const>;
using Pair = std::pair<std::string, std::string>;

wallet::OnceOnly once_of(const SendGift& command) {
    return {command.user.value, "gift", command.key,
            command.live.value + "|" + command.gift_type + "|" + std::to_string(command.amount)};
}

Result<GiftType> find_type(std::string_view type) {
    const auto all = catalogue();
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& g) { return g.type == type; });
    if (found != all.end()) return *found;
    return Error{ErrorKind::not_found, "gift_not_found", "There is no such gift."};
}

/// What the database says of the lives and people of a batch.
class Scene {
public:
    /// What load() begins with.
    struct Asked {
        db::Asked lives, senders;
    };
    static Asked ask(db::Transaction& tx, Commands commands) {
        std::set<std::string_view> lives, senders;
        for (const auto* command : commands) {
            lives.insert(command->live.value);
            senders.insert(command->user.value);
        }
        return {tx.ask(kLives, {{"ids", ids_of(lives)}}), tx.ask(kSenders, {{"ids", ids_of(senders)}})};
    }
    static Result<Scene> load(db::Transaction& tx, Asked asked, Commands commands) {
        Scene scene;
        TRY(const auto lives, asked.lives.rows());
        for (const auto& row : lives)
            scene.lives_[row.text("id")] = {row.text("status"), row.text("model_id"), row.integer("price")};
        TRY(const auto names, asked.senders.rows());
        for (const auto& row : names) scene.names_[row.text("id")] = row.text("name");
        TRY_VOID(scene.load_bonds(tx, commands));
        return scene;
    }

    struct Stage {
        std::string model_id;
        std::string sender_name;
    };
    /// Whom the gift is for and who it says it is from; or why it may not be given.
    Result<Stage> stage_for(const SendGift& command) const {
        const auto live = lives_.find(command.live.value);
        if (live == lives_.end()) return Error{ErrorKind::not_found, "live_not_found", "There is no such live."};
        const auto& [status, model, price] = live->second;
        const auto& user = command.user.value;
        if (blocks_.contains({model, user}) || blocks_.contains({user, model}))
            return Error{ErrorKind::forbidden, "blocked", "You cannot send gifts here."};
        if (status != "live") return Error{ErrorKind::conflict, "live_not_live", "The live is not on air."};
        if (model == user) return Error{ErrorKind::forbidden, "forbidden", "A gift needs two people."};
        if (price > 0 && !entered_.contains({command.live.value, user}))
            return Error{ErrorKind::forbidden, "entry_required", "Enter the live first."};
        const auto name = names_.find(user);
        if (name == names_.end()) return Error{ErrorKind::not_found, "user_not_found", "There is no such person."};
        return Stage{model, name->second};
    }

private:
    struct Live {
        std::string status, model_id;
        std::int64_t price = 0;
    };

    static std::string ids_of(const std::set<std::string_view>& ids) {
        json::Rows rows;
        for (const auto id : ids) rows.add(id);
        return rows.text();
    }

    /// Who has blocked whom, and who has entered where that must be paid for.
    Status load_bonds(db::Transaction& tx, Commands commands) {
        std::set<Pair> pairs, tickets;
        for (const auto* command : commands) {
            const auto live = lives_.find(command->live.value);
            if (live == lives_.end()) continue;
            pairs.insert({live->second.model_id, command->user.value});
            pairs.insert({command->user.value, live->second.model_id});
            if (live->second.price > 0) tickets.insert({command->live.value, command->user.value});
        }
        TRY_VOID(load_pairs(tx, kBlocks, pairs, "blocker_id", "blocked_id", blocks_));
        return load_pairs(tx, kEntries, tickets, "live_id", "user_id", entered_);
    }

    static Status load_pairs(db::Transaction& tx, const db::Query& query, const std::set<Pair>& pairs,
                             std::string_view first, std::string_view second, std::set<Pair>& found) {
        if (pairs.empty()) return {};
        json::Rows rows;
        for (const auto& pair : pairs) rows.add(pair.first, pair.second);
        TRY(const auto there, tx.query(query, {{"pairs", rows.text()}}));
        for (const auto& row : there) found.insert({row.text(first), row.text(second)});
        return {};
    }

    std::map<std::string, Live> lives_;
    std::map<std::string, std::string> names_;
    std::set<Pair> blocks_, entered_;
};

/// A command that nothing but an empty purse can refuse any more.
struct Ready {
    std::size_t index;
    const SendGift* command;
    GiftId id;
    GiftType type;
    Scene::Stage stage;
    std::int64_t total;

    wallet::Payment payment() const {
        const json::Object detail{{"giftType", type.type},
                                  {"quantity", command->amount},
                                  {"liveId", command->live.value},
                                  {"from", command->user.value},
                                  {"to", stage.model_id}};
        return {id.value, command->user.value, stage.model_id, total, boost::json::serialize(detail)};
    }
    json::Object view(UtcTime at) const {
        return {{"id", id.value},
                {"liveId", command->live.value},
                {"userId", command->user.value},
                {"giftType", type.type},
                {"amount", command->amount},
                {"createdAt", to_iso8601(at)},
                {"senderName", stage.sender_name},
                {"icon", type.icon},
                {"name", type.name},
                {"total", total}};
    }
};

/// `{userId, balance, currency, earnings?}`: what `wallet:updated` tells this user.
json::Object wallet_of(std::string_view user, const wallet::Balance& balance, wallet::Earnings earnings) {
    auto view = wallet::wallet_view(balance, earnings);
    view["userId"] = user;
    return view;
}

std::string event_of(const Ready& ready, const json::Object& gift, const wallet::PaidGift& paid) {
    json::Array wallets;
    wallets.emplace_back(wallet_of(ready.command->user.value, paid.from, wallet::Earnings::hidden));
    wallets.emplace_back(wallet_of(ready.stage.model_id, paid.model, wallet::Earnings::shown));
    return boost::json::serialize(json::Object{{"gift", gift}, {"wallets", std::move(wallets)}});
}

}  // namespace

Result<std::vector<Result<SentGift>>> Service::send_all(db::Transaction& tx, Commands commands) {
    std::vector<wallet::OnceOnly> requests;
    for (const auto* command : commands) requests.push_back(once_of(*command));
    auto asked_known = wallet::KnownAnswers::ask(tx, "gift", requests);
    auto asked_scene = Scene::ask(tx, commands);
    TRY(auto known, wallet::KnownAnswers::load(std::move(asked_known)));
    TRY(const auto scene, Scene::load(tx, std::move(asked_scene), commands));
    const UtcTime now = clock_.utc_now();

    std::vector<Result<SentGift>> sent(commands.size(), Result<SentGift>{SentGift{}});
    std::vector<Ready> ready;
    std::map<Pair, std::size_t> first_of;  // in this batch, by user and key
    std::vector<std::size_t> repeats;
    const auto prepare = [&](std::size_t i) -> Status {
        const SendGift& command = *commands[i];
        TRY(auto first, known.first_answer(requests[i]));
        if (first) {
            sent[i] = SentGift{std::move(*first), true};
            return {};
        }
        if (!first_of.try_emplace({command.user.value, command.key}, i).second) {
            repeats.push_back(i);
            return {};
        }
        TRY(const auto type, find_type(command.gift_type));
        if (command.amount < 1 || command.amount > kMaxAmount)
            return validation_error("amount", "out_of_range", "The amount must be from 1 to 100.");
        TRY(auto stage, scene.stage_for(command));
        TRY(const auto total, wallet::checked_multiply(type.price, command.amount));
        ready.push_back({i, &command, GiftId::make(now, random_), type, std::move(stage), total});
        return {};
    };
    for (std::size_t i = 0; i < commands.size(); ++i) {
        if (auto prepared = prepare(i); !prepared) sent[i] = prepared.error();
    }

    std::vector<wallet::Payment> payments;
    for (const auto& one : ready) payments.push_back(one.payment());
    TRY(const auto paid, wallet_.pay_gifts(tx, payments));
    json::Rows rows;
    std::vector<bus::Event> events;
    for (std::size_t k = 0; k < ready.size(); ++k) {
        const Ready& one = ready[k];
        if (!paid[k]) {
            sent[one.index] = paid[k].error();
            continue;
        }
        const auto gift = one.view(now);
        rows.add(one.id.value, one.command->live.value, one.command->user.value, one.stage.model_id, one.type.type,
                 one.command->amount, one.type.price, one.total, paid[k]->transfer.id.value, now.ms);
        events.push_back({one.id.value, event_of(one, gift, *paid[k])});
        std::string answer = boost::json::serialize(json::Object{{"gift", gift}, {"balance", paid[k]->from.tokens}});
        known.keep(requests[one.index], answer);
        sent[one.index] = SentGift{std::move(answer), false};
    }
    if (!rows.empty()) tx.send(kInsert, {{"rows", rows.text()}});
    bus::append_all(tx, "gift", events, now);
    known.write(tx, "gift", now);

    // The same key twice in one batch: the second is a repeat of the first, whatever became of that.
    for (const std::size_t i : repeats) {
        const std::size_t first = first_of[{commands[i]->user.value, commands[i]->key}];
        auto answer = known.first_answer(requests[i]);
        if (answer && *answer) sent[i] = SentGift{std::move(**answer), true};
        if (!answer || !*answer) sent[i] = answer ? sent[first].error() : answer.error();
    }
    return sent;
}

}  // namespace confidente::gifts
