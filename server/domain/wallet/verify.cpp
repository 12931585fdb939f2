#include "domain/wallet/verify.hpp"

#include <map>
#include <string_view>
#include <unordered_map>

#include "domain/wallet/ledger.hpp"

namespace confidente::wallet {

namespace {

constexpr std::int64_t kPage = 500;  ///< transfers read at once
constexpr db::Query kTransfers{"verify_transfers",
                               "SELECT id, seq, kind, key, detail, created_at, prev_hash, hash FROM transfers "
                               "WHERE seq > :after ORDER BY seq LIMIT :limit"};
constexpr db::Query kEntries{"verify_entries",
                             "SELECT line, account_id, unit, debit, credit, previous_balance, balance, version "
                             "FROM entries WHERE transfer_id = :id ORDER BY line"};
constexpr db::Query kAccounts{"verify_accounts",
                              "SELECT id, unit, side, may_negative, debits, credits, version FROM accounts "
                              "WHERE id > :after ORDER BY id LIMIT :limit"};
constexpr db::Query kHead{"verify_head", "SELECT seq, hash FROM journal_head WHERE id = 1"};
constexpr db::Query kEntryCount{"verify_entry_count", "SELECT COUNT(*) AS n FROM entries"};
constexpr db::Query kCommissions{"verify_commissions",
                                 "SELECT model_id, rate, total, commission FROM commissions ORDER BY model_id, rate"};

/// What the journal says of one account.
struct Sums {
    std::int64_t debits = 0, credits = 0, version = 0;
};
/// What the journal says a model has earned, before and after commission.
struct Earned {
    std::int64_t total = 0, commission = 0;
};

/// The walk over the journal; remembers the first contradiction and then stops looking.
class Walk {
public:
    explicit Walk(db::Transaction& tx) : tx_(tx) {}

    Result<VerifyReport> run() {
        TRY_VOID(walk_transfers());
        if (report_.clean()) TRY_VOID(compare_head());
        if (report_.clean()) TRY_VOID(walk_accounts());
        if (report_.clean()) TRY_VOID(compare_commissions());
        return report_;
    }

private:
    void wrong(const char* invariant, const char* table, std::string_view row, std::string what) {
        if (report_.clean()) report_.wrong = Wrong{invariant, table, std::string{row}, std::move(what)};
    }

    Status walk_transfers() {
        for (;;) {
            TRY(auto rows, tx_.query(kTransfers, {{"after", seq_}, {"limit", kPage}}));
            for (const auto& row : rows) {
                TRY_VOID(look_at_transfer(row));
                if (!report_.clean()) return {};
            }
            if (static_cast<std::int64_t>(rows.size()) < kPage) return {};
        }
    }

    Status look_at_transfer(const db::Row& row) {
        const NewTransfer transfer{{row.text("id")},
                                   row.text("kind"),
                                   row.text("key"),
                                   row.text("detail"),
                                   UtcTime{row.integer("created_at")}};
        TRY(auto rows, tx_.query(kEntries, {{"id", transfer.id.value}}));
        std::vector<Entry> entries;
        std::map<std::string, std::int64_t> net;
        for (const auto& entry : rows) {
            entries.push_back({entry.text("account_id"), entry.text("unit"), entry.integer("debit"),
                               entry.integer("credit"), entry.integer("previous_balance"), entry.integer("balance"),
                               entry.integer("version")});
            net[entries.back().unit] += entries.back().debit - entries.back().credit;
            look_at_entry(transfer.id.value + "/" + std::to_string(entry.integer("line")), entries.back());
        }
        if (entries.size() < 2) wrong("I1", "transfers", transfer.id.value, "fewer than two entries");
        for (const auto& [unit, sum] : net) {
            if (sum != 0) wrong("I1", "transfers", transfer.id.value, unit + " does not sum to zero");
        }
        if (row.integer("seq") != seq_ + 1)
            wrong("I5", "transfers", transfer.id.value, "a number is missing before it");
        if (row.text("prev_hash") != hash_)
            wrong("I5", "transfers", transfer.id.value, "does not follow the one before");
        if (row.text("hash") != transfer_hash(hash_, row.integer("seq"), transfer, entries)) {
            wrong("I5", "transfers", transfer.id.value, "its hash is not that of its content");
        }
        note_earning(transfer, entries);
        seq_ = row.integer("seq");
        hash_ = row.text("hash");
        ++report_.transfers;
        report_.entries += static_cast<std::int64_t>(entries.size());
        return {};
    }

    void look_at_entry(const std::string& row, const Entry& entry) {
        auto& sums = accounts_[entry.account_id];
        sums.debits += entry.debit;
        sums.credits += entry.credit;
        ++sums.version;
        if (entry.version != sums.version) wrong("I3", "entries", row, "the account's versions have a hole");
        const std::int64_t balance = sums.credits - sums.debits;
        if (entry.balance != balance && entry.balance != -balance) {
            wrong("I3", "entries", row, "its balance is not the sum of the entries before it");
        }
    }

    void note_earning(const NewTransfer& transfer, const std::vector<Entry>& entries) {
        if (transfer.kind != "gift" && transfer.kind != "ticket") return;
        constexpr std::string_view kPending = "T.pending.";
        Earned earned;
        std::string model;
        for (const auto& entry : entries) {
            earned.total += entry.credit;
            if (entry.account_id.starts_with(kPending)) model = entry.account_id.substr(kPending.size());
            if (entry.account_id == fee_tokens().id) earned.commission += entry.credit;
        }
        auto& sum = earned_[model];
        sum.total += earned.total;
        sum.commission += earned.commission;
    }

    Status compare_head() {
        TRY(auto head, tx_.query(kHead));
        if (head.empty() || head[0].integer("seq") != seq_ || head[0].text("hash") != hash_) {
            wrong("I5", "journal_head", "1", "the head is not the last transfer");
        }
        TRY(auto count, tx_.query(kEntryCount));
        if (count[0].integer("n") != report_.entries) wrong("I1", "entries", "", "an entry belongs to no transfer");
        return {};
    }

    Status walk_accounts() {
        std::map<std::string, std::int64_t> net;  // by unit
        std::int64_t issued = 0;
        std::int64_t held = 0;
        std::string after;
        for (;;) {
            TRY(auto rows, tx_.query(kAccounts, {{"after", after}, {"limit", kPage}}));
            for (const auto& row : rows) {
                const auto& id = row.text("id");
                const std::int64_t balance = row.integer("credits") - row.integer("debits");
                look_at_account(row);
                net[row.text("unit")] += balance;
                const bool debt = id.starts_with("T.issued") || id.starts_with("T.promo") || id.starts_with("T.debt.");
                if (row.text("unit") == kToken) (debt ? issued : held) += debt ? -balance : balance;
                ++report_.accounts;
                after = id;
            }
            if (static_cast<std::int64_t>(rows.size()) < kPage) break;
        }
        for (const auto& [unit, sum] : net) {
            if (sum != 0) wrong("I2", "accounts", unit, "the balances do not sum to zero");
        }
        if (issued != held) wrong("I11", "accounts", issued_tokens().id, "tokens issued are not the tokens held");
        for (const auto& [id, sums] : accounts_) wrong("I3", "accounts", id, "in the journal, but not an account");
        return {};
    }

    void look_at_account(const db::Row& row) {
        const auto& id = row.text("id");
        const auto found = accounts_.find(id);
        const Sums sums = found == accounts_.end() ? Sums{} : found->second;
        if (found != accounts_.end()) accounts_.erase(found);
        if (sums.debits != row.integer("debits") || sums.credits != row.integer("credits") ||
            sums.version != row.integer("version")) {
            wrong("I3", "accounts", id, "its sums are not those of the journal");
        }
        const std::int64_t net = sums.credits - sums.debits;
        const std::int64_t balance = row.text("side") == "credit" ? net : -net;
        if (row.integer("may_negative") == 0 && balance < 0) wrong("I4", "accounts", id, "below its limit");
    }

    Status compare_commissions() {
        TRY(auto rows, tx_.query(kCommissions));
        std::map<std::string, Earned> stored;
        for (const auto& row : rows) {
            const auto& model = row.text("model_id");
            const std::int64_t rate = row.integer("rate");
            const std::int64_t total = row.integer("total");
            const bool possible = rate >= 0 && rate <= 10'000 && total >= 0;
            if (!possible || share_of(total, {rate}) != row.integer("commission")) {
                wrong("I10", "commissions", model, "commission is not the share of the total");
            }
            stored[model].total += total;
            stored[model].commission += row.integer("commission");
        }
        for (const auto& [model, earned] : earned_) {
            if (stored[model].total != earned.total || stored[model].commission != earned.commission) {
                wrong("I10", "commissions", model, "the totals are not those of the journal");
            }
        }
        for (const auto& [model, sum] : stored) {
            if (!earned_.contains(model) && sum.total != 0) wrong("I10", "commissions", model, "nothing was earned");
        }
        return {};
    }

    db::Transaction& tx_;
    VerifyReport report_;
    std::int64_t seq_ = 0;
    std::string hash_;
    std::unordered_map<std::string, Sums> accounts_;  ///< those not yet compared with their row
    std::map<std::string, Earned> earned_;            ///< by model
};

}  // namespace

Result<VerifyReport> verify(db::Transaction& tx) { return Walk{tx}.run(); }

}  // namespace confidente::wallet
