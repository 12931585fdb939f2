#include "platform/audit/audit.hpp"

#include "platform/base/check.hpp"
#include "platform/crypto/hash.hpp"

namespace confidente::audit {
namespace {

constexpr std::int64_t kPage = 1000;  // rows read at once

// Moving the head first makes concurrent writers of other nodes wait for each other before they read the last link.
constexpr db::Query kAdvance{"audit_advance", "UPDATE audit_head SET seq = seq + 1 WHERE id = 1 RETURNING seq, hash"};
constexpr db::Query kSetHash{"audit_set_hash", "UPDATE audit_head SET hash = :hash WHERE id = 1"};
constexpr db::Query kInsert{
    "audit_insert",
    "INSERT INTO audit_log (seq, at, action, actor_id, session_id, object_id, address, reason, prev_hash, hash) "
    "VALUES (:seq, :at, :action, :actor_id, :session_id, :object_id, :address, :reason, :prev_hash, :hash)"};
constexpr db::Query kHead{"audit_head", "SELECT seq, hash FROM audit_head WHERE id = 1"};
constexpr db::Query kRows{"audit_rows",
                          "SELECT seq, at, action, actor_id, session_id, object_id, address, reason, prev_hash, hash "
                          "FROM audit_log WHERE seq > :after ORDER BY seq LIMIT :limit"};

std::string link(std::string_view previous, std::int64_t seq, const Act& act, UtcTime at) {
    // Every field with its length, so that no two contents give the same text.
    std::string text;
    const auto add = [&text](std::string_view field) {
        text += std::to_string(field.size());
        text += ':';
        text += field;
    };
    add(previous);
    add(std::to_string(seq));
    add(std::to_string(at.ms));
    for (const std::string_view field :
         {act.action, std::string_view{act.actor}, std::string_view{act.from.session}, std::string_view{act.object},
          std::string_view{act.from.address}, std::string_view{act.reason}})
        add(field);
    return crypto::sha256_hex(text);
}

}  // namespace

Status append(db::Transaction& tx, const Act& act, UtcTime now) {
    TRY(const auto moved, tx.query(kAdvance));
    check(moved.size() == 1);
    const auto seq = moved[0].integer("seq");
    const auto& previous = moved[0].text("hash");
    const auto hash = link(previous, seq, act, now);
    TRY_VOID(tx.execute(kInsert, {{"seq", seq},
                                  {"at", now.ms},
                                  {"action", act.action},
                                  {"actor_id", act.actor},
                                  {"session_id", act.from.session},
                                  {"object_id", act.object},
                                  {"address", act.from.address},
                                  {"reason", act.reason},
                                  {"prev_hash", previous},
                                  {"hash", hash}}));
    TRY_VOID(tx.execute(kSetHash, {{"hash", hash}}));
    return {};
}

Result<Head> head(db::Transaction& tx) {
    TRY(const auto rows, tx.query(kHead));
    if (rows.size() != 1) return internal_error("the audit log has lost its head");
    return Head{rows[0].integer("seq"), rows[0].text("hash")};
}

Result<Report> verify(db::Transaction& tx, const std::vector<Head>& known) {
    Report report;
    Head last;
    auto witness = known.begin();
    const auto wrong = [&report](std::int64_t seq, std::string what) {
        report.wrong = Wrong{seq, std::move(what)};
        return report;
    };
    for (bool more = true; more;) {
        TRY(const auto rows, tx.query(kRows, {{"after", last.seq}, {"limit", kPage}}));
        for (const auto& row : rows) {
            const auto seq = row.integer("seq");
            const auto action = row.text("action");
            const Act act{action, row.text("actor_id"), row.text("object_id"), row.text("reason"),
                          Origin{row.text("address"), row.text("session_id")}};
            if (seq != last.seq + 1) return wrong(last.seq + 1, "is missing");
            if (row.text("prev_hash") != last.hash) return wrong(seq, "does not follow the one before");
            const auto hash = link(last.hash, seq, act, UtcTime{row.integer("at")});
            if (row.text("hash") != hash) return wrong(seq, "its hash is not that of its content");
            for (; witness != known.end() && witness->seq == seq; ++witness)
                if (witness->hash != hash) return wrong(seq, "is not the one that a signed checkpoint saw");
            last = {seq, hash};
            ++report.rows;
        }
        more = static_cast<std::int64_t>(rows.size()) == kPage;
    }
    TRY(const auto end, head(tx));
    if (end.seq != last.seq || end.hash != last.hash)
        return wrong(last.seq + 1, "is missing: the chain's head knows more rows, or others");
    if (witness != known.end()) return wrong(last.seq + 1, "is missing: a signed checkpoint saw more rows");
    return report;
}

}  // namespace confidente::audit
