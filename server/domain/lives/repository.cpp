#include "domain/lives/repository.hpp"

namespace confidente::lives {
namespace {

constexpr db::Query kInsert{
    "insert_live",
    "INSERT INTO lives (id, model_id, chat_id, title, description, scheduled_for, price, duration, status, created_at, "
    "updated_at) VALUES (:id, :model_id, :chat_id, :title, :description, :scheduled_for, :price, :duration, :status, "
    ":now, :now)"};
constexpr db::Query kSelect{
    "select_live",
    "SELECT l.id, l.model_id, u.name, l.chat_id, l.title, l.description, l.scheduled_for, l.price, l.duration, "
    "l.status, l.stream_key_hash, l.created_at, l.updated_at FROM lives l JOIN users u ON u.id = l.model_id "
    "WHERE l.id = :id"};
constexpr db::Query kList{
    "list_lives",
    "SELECT l.id, l.model_id, u.name, l.chat_id, l.title, l.description, l.scheduled_for, l.price, l.duration, "
    "l.status, l.stream_key_hash, l.created_at, l.updated_at FROM lives l JOIN users u ON u.id = l.model_id "
    "WHERE (:status = '' OR l.status = :status) AND (:model_id = '' OR l.model_id = :model_id) "
    "AND l.created_at < :before ORDER BY l.created_at DESC, l.id DESC LIMIT :limit"};
constexpr db::Query kUpdate{
    "update_live_status",
    "UPDATE lives SET status = :status, stream_key_hash = :stream_key_hash, updated_at = :now, "
    "started_at = CASE WHEN :status = 'live' THEN COALESCE(started_at, :now) ELSE started_at END, "
    "ended_at = CASE WHEN :status = 'ended' THEN :now ELSE NULL END WHERE id = :id"};
constexpr db::Query kOtherOn{
    "other_live_on", "SELECT 1 AS found FROM lives WHERE model_id = :model_id AND status = 'live' AND id <> :id"};
constexpr db::Query kEntered{"live_entered",
                             "SELECT 1 AS found FROM live_entries WHERE live_id = :live_id AND user_id = :user_id"};
constexpr db::Query kEnter{"enter_live",
                           "INSERT INTO live_entries (live_id, user_id, paid, created_at) "
                           "VALUES (:live_id, :user_id, :paid, :now)"};
constexpr db::Query kBlocked{"live_blocked",
                             "SELECT 1 AS found FROM blocks WHERE blocker_id = :model_id AND blocked_id = :user_id"};

std::optional<UtcTime> optional_time(const db::Row& row, std::string_view column) {
    const auto ms = row.optional_integer(column);
    return ms ? std::optional{UtcTime{*ms}} : std::nullopt;
}

Live live_of(const db::Row& row) {
    return {.id = row.text("id"),
            .model_id = row.text("model_id"),
            .model_name = row.text("name"),
            .chat_id = row.text("chat_id"),
            .title = row.text("title"),
            .description = row.text("description"),
            .status = row.text("status"),
            .scheduled_for = optional_time(row, "scheduled_for"),
            .price = row.integer("price"),
            .duration = row.optional_integer("duration"),
            .stream_key_hash = row.optional_text("stream_key_hash").value_or(""),
            .created_at = {row.integer("created_at")},
            .updated_at = {row.integer("updated_at")}};
}

}  // namespace

Status insert_live(db::Transaction& tx, const Live& live) {
    const auto scheduled = live.scheduled_for ? std::optional{live.scheduled_for->ms} : std::nullopt;
    TRY_VOID(tx.execute(kInsert, {{"id", live.id},
                                  {"model_id", live.model_id},
                                  {"chat_id", live.chat_id},
                                  {"title", live.title},
                                  {"description", live.description},
                                  {"scheduled_for", scheduled},
                                  {"price", live.price},
                                  {"duration", live.duration},
                                  {"status", live.status},
                                  {"now", live.created_at.ms}}));
    return {};
}

Result<std::optional<Live>> select_live(db::Transaction& tx, const std::string& id) {
    TRY(auto rows, tx.query(kSelect, {{"id", id}}));
    return rows.empty() ? std::optional<Live>{} : std::optional{live_of(rows[0])};
}

Result<std::vector<Live>> select_lives(db::Transaction& tx, const Filter& filter) {
    TRY(auto rows, tx.query(kList, {{"status", filter.status.value_or("")},
                                    {"model_id", filter.model_id.value_or("")},
                                    {"before", filter.before.value_or(INT64_MAX)},
                                    {"limit", filter.limit}}));
    std::vector<Live> lives;
    for (const auto& row : rows) lives.push_back(live_of(row));
    return lives;
}

Status update_status(db::Transaction& tx, const Live& live, UtcTime now) {
    const auto hash = live.stream_key_hash.empty() ? std::nullopt : std::optional{live.stream_key_hash};
    TRY_VOID(
        tx.execute(kUpdate, {{"id", live.id}, {"status", live.status}, {"stream_key_hash", hash}, {"now", now.ms}}));
    return {};
}

Result<bool> has_other_live_on(db::Transaction& tx, const std::string& model_id, const std::string& id) {
    TRY(auto rows, tx.query(kOtherOn, {{"model_id", model_id}, {"id", id}}));
    return !rows.empty();
}

Result<bool> has_entered(db::Transaction& tx, const std::string& live_id, const std::string& user_id) {
    TRY(auto rows, tx.query(kEntered, {{"live_id", live_id}, {"user_id", user_id}}));
    return !rows.empty();
}

Status insert_entry(db::Transaction& tx, const std::string& live_id, const std::string& user_id, std::int64_t paid,
                    UtcTime now) {
    TRY_VOID(tx.execute(kEnter, {{"live_id", live_id}, {"user_id", user_id}, {"paid", paid}, {"now", now.ms}}));
    return {};
}

Result<bool> blocked_by_model(db::Transaction& tx, const std::string& model_id, const std::string& user_id) {
    TRY(auto rows, tx.query(kBlocked, {{"model_id", model_id}, {"user_id", user_id}}));
    return !rows.empty();
}

}  // namespace confidente::lives
