#include "domain/lives/service.hpp"

#include <boost/json.hpp>

#include "domain/lives/repository.hpp"
#include "platform/bus/outbox.hpp"
#include "platform/crypto/hash.hpp"
#include "platform/json/json.hpp"

namespace confidente::lives {
namespace {

constexpr std::size_t kStreamKeyChars = 32;  // 192 bits

Error live_not_found() {
    return {.kind = ErrorKind::not_found, .code = "live_not_found", .detail = "There is no such live."};
}
Error conflict(std::string code, std::string detail) {
    return {.kind = ErrorKind::conflict, .code = std::move(code), .detail = std::move(detail)};
}

/// Everyone in the room learns of it from the outbox, after the commit.
Status announce(db::Transaction& tx, const Live& live, UtcTime now) {
    const json::Object event{{"liveId", live.id}, {"modelId", live.model_id}, {"status", live.status}};
    return bus::append(tx, kTopic, live.id, json::serialize(event), now);
}

}  // namespace

Result<Live> Service::create(db::Transaction& tx, const NewLive& command) {
    const UtcTime now = clock_.utc_now();
    Live live{.id = LiveId::make(now, random_).value,
              .model_id = command.model_id,
              .model_name = {},
              .chat_id = {},
              .title = command.title,
              .description = command.description,
              .status = "scheduled",
              .scheduled_for = command.scheduled_for,
              .price = command.price,
              .duration = command.duration,
              .stream_key_hash = {},
              .created_at = now,
              .updated_at = now};
    TRY(live.chat_id, chats_.open_for_live(tx));
    TRY_VOID(insert_live(tx, live));
    return find(tx, live.id);
}

Result<Live> Service::find(db::Transaction& tx, const std::string& id) const {
    TRY(auto live, select_live(tx, id));
    if (!live) return live_not_found();
    return std::move(*live);
}

Result<std::vector<Live>> Service::list(db::Transaction& tx, const Filter& filter) const {
    return select_lives(tx, filter);
}

Result<std::vector<Live>> Service::all_on(db::Transaction& tx) const {
    return select_lives(tx, {.status = "live", .model_id = {}, .before = {}, .limit = INT32_MAX});
}

Result<Service::Started> Service::start(db::Transaction& tx, const std::string& id, const std::string& model_id) {
    TRY(auto live, find(tx, id));
    if (live.model_id != model_id) return live_not_found();
    if (live.status == "ended") return conflict("live_ended", "This live is over.");
    TRY(const bool busy, has_other_live_on(tx, model_id, id));
    if (busy) return conflict("already_live", "You are live already. End that live first.");
    Started started{std::move(live), random_.token(kStreamKeyChars)};
    started.live.status = "live";
    started.live.stream_key_hash = crypto::sha256_hex(started.stream_key);
    const UtcTime now = clock_.utc_now();
    TRY_VOID(update_status(tx, started.live, now));
    TRY_VOID(announce(tx, started.live, now));
    return started;
}

Result<Live> Service::finish(db::Transaction& tx, Live live) {
    if (live.status == "ended") return live;
    live.status = "ended";
    live.stream_key_hash.clear();
    const UtcTime now = clock_.utc_now();
    live.updated_at = now;
    TRY_VOID(update_status(tx, live, now));
    TRY_VOID(announce(tx, live, now));
    return live;
}

Result<Live> Service::end(db::Transaction& tx, const std::string& id, const std::string& model_id) {
    TRY(auto live, find(tx, id));
    if (live.model_id != model_id) return live_not_found();
    return finish(tx, std::move(live));
}

Result<Live> Service::end_abandoned(db::Transaction& tx, const std::string& id) {
    TRY(auto live, find(tx, id));
    return finish(tx, std::move(live));
}

Result<Live> Service::enter(db::Transaction& tx, const std::string& id, const std::string& user_id) {
    TRY(auto live, find(tx, id));
    if (live.status != "live") return conflict("live_not_live", "This live is not on.");
    if (live.model_id == user_id) return live;
    TRY(const bool blocked, blocked_by_model(tx, live.model_id, user_id));
    if (blocked) return Error{.kind = ErrorKind::forbidden, .code = "blocked", .detail = "You cannot enter this live."};
    TRY(const bool entered, has_entered(tx, id, user_id));
    if (entered) return live;
    if (live.price > 0) {
        const json::Object detail{{"liveId", id}, {"from", user_id}, {"to", live.model_id}, {"price", live.price}};
        TRY_VOID(wallet_.pay_ticket(tx, {.key = wallet::Service::ticket_key(id, user_id),
                                         .from = user_id,
                                         .model_id = live.model_id,
                                         .amount = live.price,
                                         .detail = json::serialize(detail)}));
    }
    TRY_VOID(insert_entry(tx, id, user_id, live.price, clock_.utc_now()));
    return live;
}

bool Service::key_matches(const Live& live, std::string_view stream_key) const {
    return !live.stream_key_hash.empty() &&
           crypto::constant_time_equal(live.stream_key_hash, crypto::sha256_hex(stream_key));
}

}  // namespace confidente::lives
