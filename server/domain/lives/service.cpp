#include "domain/lives/service.hpp"

#include "domain/profiles/blocks.hpp"
#include "platform/audit/audit.hpp"
#include "platform/base/ids.hpp"
#include "platform/bus/outbox.hpp"
#include "platform/crypto/hash.hpp"

namespace confidente::lives {
namespace {

constexpr std::size_t kStreamKeyLength = 32;  ///< characters of six bits

#define SELECT_LIVE                                                                                         \
    "SELECT l.id, l.model_id, l.chat_id, l.title, l.description, l.status, l.scheduled_for, l.started_at, " \
    "l.price, l.duration, l.created_at, l.updated_at, u.name AS model_name, u.avatar_key AS model_avatar "  \
    "FROM lives l JOIN users u ON u.id = l.model_id "

constexpr db::Query kFindLive{"find_live", SELECT_LIVE "WHERE l.id = :id"};
constexpr db::Query kFindByKey{"find_live_by_key", SELECT_LIVE "WHERE l.id = :id AND l.stream_key_hash = :key_hash"};
constexpr db::Query kCurrentLive{"current_live", SELECT_LIVE "WHERE l.model_id = :model_id AND l.status = 'live'"};
constexpr db::Query kListLives{"list_lives", SELECT_LIVE
                               "WHERE (:status = '' OR l.status = :status) AND (:model_id = '' OR l.model_id = "
                               ":model_id) AND (:before = '' OR l.id < :before) ORDER BY l.id DESC LIMIT :limit"};
constexpr db::Query kInsertLive{
    "insert_live",
    "INSERT INTO lives (id, model_id, chat_id, title, description, scheduled_for, price, duration, status, created_at, "
    "updated_at) VALUES (:id, :model_id, :chat_id, :title, :description, :scheduled_for, :price, :duration, "
    "'scheduled', :now, :now)"};
constexpr db::Query kStartLive{
    "start_live",
    "UPDATE lives SET status = 'live', stream_key_hash = :key_hash, started_at = COALESCE(started_at, :now), "
    "updated_at = :now WHERE id = :id AND status <> 'ended'"};
constexpr db::Query kEndLive{
    "end_live",
    "UPDATE lives SET status = 'ended', stream_key_hash = NULL, ended_at = :now, updated_at = :now "
    "WHERE id = :id AND status <> 'ended'"};
constexpr db::Query kFindEntry{"find_live_entry",
                               "SELECT paid FROM live_entries WHERE live_id = :live_id AND user_id = :user_id"};
constexpr db::Query kInsertEntry{"insert_live_entry",
                                 "INSERT INTO live_entries (live_id, user_id, paid, created_at) "
                                 "VALUES (:live_id, :user_id, :paid, :now)"};

Error no_such_live() {
    return {.kind = ErrorKind::not_found, .code = "live_not_found", .detail = "There is no such live."};
}
Error not_on_air() {
    return {.kind = ErrorKind::conflict, .code = "live_not_live", .detail = "The live is not on air."};
}

std::optional<UtcTime> optional_time(const db::Row& row, std::string_view column) {
    const auto ms = row.optional_integer(column);
    return ms ? std::optional{UtcTime{*ms}} : std::nullopt;
}

Live read_live(const db::Row& row) {
    Live live;
    live.id = row.text("id");
    live.model_id = row.text("model_id");
    live.chat_id = row.text("chat_id");
    live.title = row.text("title");
    live.description = row.text("description");
    live.status = row.text("status");
    live.model_name = row.text("model_name");
    live.model_avatar = row.optional_text("model_avatar");
    live.scheduled_for = optional_time(row, "scheduled_for");
    live.started_at = optional_time(row, "started_at");
    live.price = row.integer("price");
    live.duration = row.optional_integer("duration");
    live.created_at = UtcTime{row.integer("created_at")};
    live.updated_at = UtcTime{row.integer("updated_at")};
    return live;
}

Status check_no_block(db::Transaction& tx, const Live& live, std::string_view user_id) {
    TRY(const bool blocked, profiles::blocked_between(tx, live.model_id, user_id));
    if (!blocked) return {};
    return Error{.kind = ErrorKind::forbidden, .code = "blocked", .detail = "You cannot enter this live."};
}

Status check_owner(const Live& live, std::string_view model_id) {
    if (live.model_id == model_id) return {};
    return Error{.kind = ErrorKind::forbidden, .code = "not_owner", .detail = "This live belongs to somebody else."};
}

}  // namespace

Result<Live> Service::create(db::Transaction& tx, const NewLive& command) {
    const auto now = clock_.utc_now();
    const auto id = make_uuid_v7(now, random_);
    TRY(const auto chat_id, chats_.open_for_live(tx));
    std::optional<std::int64_t> scheduled;
    if (command.scheduled_for) scheduled = command.scheduled_for->ms;
    TRY_VOID(tx.execute(kInsertLive, {{"id", id},
                                      {"model_id", command.model_id},
                                      {"chat_id", chat_id},
                                      {"title", command.title},
                                      {"description", command.description},
                                      {"scheduled_for", scheduled},
                                      {"price", command.price},
                                      {"duration", command.duration},
                                      {"now", now.ms}}));
    TRY_VOID(announce(tx, id, "scheduled"));
    return find(tx, id);
}

Result<Live> Service::find(db::Transaction& tx, std::string_view live_id) const {
    TRY(const auto rows, tx.query(kFindLive, {{"id", live_id}}));
    if (rows.empty()) return no_such_live();
    return read_live(rows[0]);
}

Result<std::vector<Live>> Service::list(db::Transaction& tx, const Filter& filter) const {
    TRY(const auto rows, tx.query(kListLives, {{"status", filter.status},
                                               {"model_id", filter.model_id},
                                               {"before", filter.before.value_or("")},
                                               {"limit", filter.limit}}));
    std::vector<Live> lives;
    for (const auto& row : rows) lives.push_back(read_live(row));
    return lives;
}

Result<std::optional<Live>> Service::current_of(db::Transaction& tx, std::string_view model_id) const {
    TRY(const auto rows, tx.query(kCurrentLive, {{"model_id", model_id}}));
    if (rows.empty()) return std::optional<Live>{};
    return std::optional{read_live(rows[0])};
}

Result<Service::Started> Service::start(db::Transaction& tx, std::string_view live_id, std::string_view model_id) {
    TRY(const auto live, find(tx, live_id));
    TRY_VOID(check_owner(live, model_id));
    if (live.status == "ended")
        return Error{.kind = ErrorKind::conflict, .code = "live_ended", .detail = "The live has ended."};
    TRY(const auto current, current_of(tx, model_id));
    if (current && current->id != live_id)
        return Error{
            .kind = ErrorKind::conflict, .code = "already_live", .detail = "You are on air with another live already."};
    auto key = random_.token(kStreamKeyLength);
    TRY_VOID(
        tx.execute(kStartLive, {{"id", live_id}, {"key_hash", crypto::sha256_hex(key)}, {"now", clock_.utc_now().ms}}));
    if (live.status != "live") TRY_VOID(announce(tx, live_id, "live"));
    TRY(auto started, find(tx, live_id));
    return Started{std::move(started), std::move(key)};
}

Result<bool> Service::finish(db::Transaction& tx, std::string_view live_id) {
    TRY(const auto ended, tx.execute(kEndLive, {{"id", live_id}, {"now", clock_.utc_now().ms}}));
    if (ended != 0) TRY_VOID(announce(tx, live_id, "ended"));
    return ended != 0;
}

Result<Live> Service::end(db::Transaction& tx, std::string_view live_id, std::string_view model_id) {
    TRY(const auto live, find(tx, live_id));
    TRY_VOID(check_owner(live, model_id));
    TRY_VOID(finish(tx, live_id));
    return find(tx, live_id);
}

Result<bool> Service::publisher_lost(db::Transaction& tx, std::string_view live_id) {
    TRY(const auto live, find(tx, live_id));
    if (live.status != "live") return false;
    const audit::Act act{.action = "live.end", .object = live.id, .reason = "publisher_lost"};
    TRY_VOID(audit::append(tx, act, clock_.utc_now()));
    return finish(tx, live_id);
}

Result<Live> Service::enter(db::Transaction& tx, std::string_view live_id, std::string_view user_id) {
    TRY(auto live, find(tx, live_id));
    if (live.status != "live") return not_on_air();
    if (live.model_id == user_id) return live;
    TRY_VOID(check_no_block(tx, live, user_id));
    TRY(const auto entries, tx.query(kFindEntry, {{"live_id", live_id}, {"user_id", user_id}}));
    if (!entries.empty()) return live;
    if (live.price > 0) TRY_VOID(charge_(tx, {live.id, std::string{user_id}, live.model_id, live.price}));
    TRY_VOID(
        tx.execute(kInsertEntry,
                   {{"live_id", live_id}, {"user_id", user_id}, {"paid", live.price}, {"now", clock_.utc_now().ms}}));
    return live;
}

Result<Live> Service::visit(db::Transaction& tx, std::string_view live_id, std::string_view user_id) {
    TRY(auto live, find(tx, live_id));
    if (live.model_id == user_id) return live;
    TRY_VOID(check_no_block(tx, live, user_id));
    TRY(const auto entries, tx.query(kFindEntry, {{"live_id", live_id}, {"user_id", user_id}}));
    if (!entries.empty()) return live;
    if (live.price > 0)
        return Error{
            .kind = ErrorKind::forbidden, .code = "entry_required", .detail = "Please buy your entry to this live."};
    TRY_VOID(tx.execute(
        kInsertEntry,
        {{"live_id", live_id}, {"user_id", user_id}, {"paid", std::int64_t{0}}, {"now", clock_.utc_now().ms}}));
    return live;
}

Result<Live> Service::find_by_key(db::Transaction& tx, std::string_view live_id, std::string_view stream_key) const {
    TRY(const auto rows, tx.query(kFindByKey, {{"id", live_id}, {"key_hash", crypto::sha256_hex(stream_key)}}));
    if (rows.empty()) return no_such_live();
    return read_live(rows[0]);
}

Status Service::announce(db::Transaction& tx, std::string_view live_id, std::string_view status) const {
    // Ids and states are of our own making: nothing in them needs escaping.
    const auto payload = R"({"liveId":")" + std::string{live_id} + R"(","status":")" + std::string{status} + R"("})";
    return bus::append(tx, kTopic, live_id, payload, clock_.utc_now());
}

}  // namespace confidente::lives
