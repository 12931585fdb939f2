#include "domain/wallet/ledger.hpp"

#include "platform/base/check.hpp"
#include "platform/crypto/hash.hpp"

namespace confidente::wallet {

namespace {

constexpr db::Query kOpenAccount{"ledger_open_account",
                                 "INSERT INTO accounts (id, unit, side, may_negative, created_at) "
                                 "VALUES (:id, :unit, :side, :may_negative, :created_at) ON CONFLICT (id) DO NOTHING"};
// The sums are compared before they are added: SQLite would turn an overflow into a floating point number.
constexpr db::Query kMove{"ledger_move",
                          "UPDATE accounts SET debits = debits + :debit, credits = credits + :credit, "
                          "version = version + 1 WHERE id = :id AND unit = :unit "
                          "AND debits <= 9223372036854775807 - :debit AND credits <= 9223372036854775807 - :credit "
                          "RETURNING side, debits, credits, version"};
constexpr db::Query kHead{"ledger_head", "SELECT seq, hash FROM journal_head WHERE id = 1"};
constexpr db::Query kMoveHead{"ledger_move_head",
                              "UPDATE journal_head SET seq = :seq, hash = :hash WHERE id = 1 AND seq = :seq - 1"};
constexpr db::Query kInsertTransfer{"ledger_insert_transfer",
                                    "INSERT INTO transfers (id, seq, kind, key, detail, created_at, prev_hash, hash) "
                                    "VALUES (:id, :seq, :kind, :key, :detail, :created_at, :prev_hash, :hash)"};
constexpr db::Query kInsertEntry{
    "ledger_insert_entry",
    "INSERT INTO entries (transfer_id, line, account_id, unit, debit, credit, previous_balance, balance, version) "
    "VALUES (:transfer_id, :line, :account_id, :unit, :debit, :credit, :previous_balance, :balance, :version)"};
constexpr db::Query kFindTransfer{"ledger_find_transfer",
                                  "SELECT id, seq FROM transfers WHERE kind = :kind AND key = :key"};
constexpr db::Query kBalance{"ledger_balance", "SELECT side, debits, credits FROM accounts WHERE id = :id"};

std::int64_t balance_of(const db::Row& row) {
    const std::int64_t net = row.integer("credits") - row.integer("debits");
    return row.text("side") == "credit" ? net : -net;
}

Result<Entry> move_account(db::Transaction& tx, const Line& line, UtcTime now) {
    const auto& account = line.account;
    TRY_VOID(tx.execute(kOpenAccount, {{"id", account.id},
                                       {"unit", account.unit},
                                       {"side", account.side == Side::debit ? "debit" : "credit"},
                                       {"may_negative", account.limit == Limit::none ? 1 : 0},
                                       {"created_at", now.ms}}));
    auto moved =
        tx.query(kMove, {{"id", account.id}, {"unit", account.unit}, {"debit", line.debit}, {"credit", line.credit}});
    if (!moved && moved.error().code == "check_violation") {
        return Error{ErrorKind::payment_required, "insufficient_tokens", "There are not enough tokens.",
                     account.id + " would fall below its limit"};
    }
    if (!moved) return moved.error();
    if (moved->empty()) return internal_error(account.id + ": wrong unit, or the sums no longer fit");
    const auto& row = moved->front();
    const std::int64_t balance = balance_of(row);
    const std::int64_t growth = account.side == Side::credit ? line.credit - line.debit : line.debit - line.credit;
    check(row.text("side") == (account.side == Side::debit ? "debit" : "credit"));
    return Entry{account.id, account.unit, line.debit, line.credit, balance - growth, balance, row.integer("version")};
}

Status insert_entry(db::Transaction& tx, const TransferId& id, std::size_t line, const Entry& entry) {
    TRY_VOID(tx.execute(kInsertEntry, {{"transfer_id", id.value},
                                       {"line", line},
                                       {"account_id", entry.account_id},
                                       {"unit", entry.unit},
                                       {"debit", entry.debit},
                                       {"credit", entry.credit},
                                       {"previous_balance", entry.previous_balance},
                                       {"balance", entry.balance},
                                       {"version", entry.version}}));
    return {};
}

}  // namespace

std::string transfer_hash(std::string_view previous_hash, std::int64_t seq, const NewTransfer& transfer,
                          const std::vector<Entry>& entries) {
    // Every field with its length, so that no two contents give the same text.
    std::string text;
    const auto add = [&text](std::string_view field) {
        text += std::to_string(field.size());
        text += ':';
        text += field;
    };
    add(previous_hash);
    add(std::to_string(seq));
    add(transfer.id.value);
    add(transfer.kind);
    add(transfer.key);
    add(transfer.detail);
    add(std::to_string(transfer.at.ms));
    for (const auto& entry : entries) {
        add(entry.account_id);
        add(entry.unit);
        for (const auto number : {entry.debit, entry.credit, entry.previous_balance, entry.balance, entry.version}) {
            add(std::to_string(number));
        }
    }
    return crypto::sha256_hex(text);
}

Result<std::optional<Transfer>> find_transfer(db::Transaction& tx, std::string_view kind, std::string_view key) {
    TRY(auto rows, tx.query(kFindTransfer, {{"kind", kind}, {"key", key}}));
    if (rows.empty()) return std::optional<Transfer>{};
    return std::optional{Transfer{{rows[0].text("id")}, rows[0].integer("seq"), true}};
}

Result<Transfer> write_transfer(db::Transaction& tx, const NewTransfer& transfer, const Postings& postings) {
    check(postings.lines().size() >= 2);
    std::vector<Entry> entries;
    for (const auto& line : postings.lines()) {
        TRY(auto entry, move_account(tx, line, transfer.at));
        entries.push_back(std::move(entry));
    }
    TRY(auto head, tx.query(kHead));
    check(head.size() == 1);
    const std::int64_t seq = head[0].integer("seq") + 1;
    const auto& previous = head[0].text("hash");
    const std::string hash = transfer_hash(previous, seq, transfer, entries);
    TRY_VOID(tx.execute(kInsertTransfer, {{"id", transfer.id.value},
                                          {"seq", seq},
                                          {"kind", transfer.kind},
                                          {"key", transfer.key},
                                          {"detail", transfer.detail},
                                          {"created_at", transfer.at.ms},
                                          {"prev_hash", previous},
                                          {"hash", hash}}));
    for (std::size_t i = 0; i < entries.size(); ++i) TRY_VOID(insert_entry(tx, transfer.id, i, entries[i]));
    TRY(const auto advanced, tx.execute(kMoveHead, {{"seq", seq}, {"hash", hash}}));
    if (advanced != 1) return Error{ErrorKind::unavailable, "busy", "Try again.", "journal head moved", {}, 1};
    return Transfer{transfer.id, seq, false};
}

Result<std::int64_t> account_balance(db::Transaction& tx, std::string_view account_id) {
    TRY(auto rows, tx.query(kBalance, {{"id", account_id}}));
    return rows.empty() ? std::int64_t{0} : balance_of(rows[0]);
}

}  // namespace confidente::wallet
