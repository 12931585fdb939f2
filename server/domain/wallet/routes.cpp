#include "domain/wallet/routes.hpp"

#include <boost/json.hpp>
#include <map>

#include "domain/wallet/view.hpp"

namespace confidente::wallet {

namespace {

constexpr std::int64_t kDefaultPage = 50;
constexpr db::Query kName{"wallet_counterparty", "SELECT name FROM users WHERE id = :id"};

/// A position in a statement: `<seq> <line>`.
Result<StatementPlace> place_of(std::string_view position) {
    const auto space = position.find(' ');
    if (space == std::string_view::npos) return http::invalid_cursor();
    TRY(const auto seq, http::position_number(position.substr(0, space)));
    TRY(const auto line, http::position_number(position.substr(space + 1)));
    return StatementPlace{seq, line};
}

/// The journal keeps ids; names are looked up when somebody reads, so that a person can still be forgotten.
class Names {
public:
    explicit Names(db::Transaction& tx) : tx_(tx) {}
    Result<std::string> of(const std::string& id) {
        if (const auto known = names_.find(id); known != names_.end()) return known->second;
        TRY(auto rows, tx_.query(kName, {{"id", id}}));
        return names_[id] = rows.empty() ? std::string{} : rows[0].text("name");
    }

private:
    db::Transaction& tx_;
    std::map<std::string, std::string> names_;
};

Result<json::Object> item_of(const StatementLine& line, Names& names) {
    json::Object item{{"id", line.transfer_id},
                      {"kind", line.kind == "purchase.settled" ? "purchase" : line.kind},
                      {"amount", line.amount},
                      {"balanceAfter", line.balance_after},
                      {"createdAt", to_iso8601(line.at)}};
    boost::system::error_code bad;
    const json::Value parsed = boost::json::parse(line.detail, bad);
    if (bad || !parsed.is_object()) return item;
    const auto& detail = parsed.get_object();
    for (const auto* name : {"giftType", "quantity", "liveId", "purchaseId", "price"}) {
        if (const auto* value = detail.if_contains(name)) item[name] = *value;
    }
    const char* other = line.account_id.starts_with("T.client.") ? "to" : "from";
    if (const auto* id = detail.if_contains(other); id && id->is_string()) {
        const std::string user{id->get_string()};
        TRY(auto name, names.of(user));
        item["counterparty"] = json::Object{{"id", user}, {"name", name}};
    }
    return item;
}

/// A page, and where the next one begins.
struct Statement {
    json::Array items;
    std::optional<std::string> next;
};

Result<Statement> statement_page(const Service& wallet, db::Transaction& tx, const std::string& user,
                                 const http::PageRequest& page) {
    std::optional<StatementPlace> before;
    if (page.after) {
        TRY(before, place_of(*page.after));
    }
    TRY(auto lines, wallet.statement(tx, user, before, page.limit + 1));
    const bool more = static_cast<std::int64_t>(lines.size()) > page.limit;
    if (more) lines.pop_back();
    Names names{tx};
    Statement statement;
    for (const auto& line : lines) {
        TRY(auto item, item_of(line, names));
        statement.items.emplace_back(std::move(item));
    }
    if (more) statement.next = std::to_string(lines.back().seq) + " " + std::to_string(lines.back().line);
    return statement;
}

struct Edge {
    Deps deps;

    Task<Result<http::Response>> show(http::Request request) {
        const std::string user = request.principal->user_id;
        auto work = [this, user](db::Transaction& tx) { return deps.wallet.balance_of(tx, user); };
        CO_TRY(const auto balance, co_await deps.db.read(work));
        const bool model = request.principal->role == http::Role::model;
        co_return http::Response::json(200, wallet_view(balance, model ? Earnings::shown : Earnings::hidden));
    }

    Task<Result<http::Response>> transactions(http::Request request) {
        const std::string user = request.principal->user_id, name = "transactions " + user;
        CO_TRY(const auto page, http::page_of(request, kDefaultPage, deps.cursors, name));
        auto work = [this, user, page](db::Transaction& tx) { return statement_page(deps.wallet, tx, user, page); };
        CO_TRY(auto statement, co_await deps.db.read(work));
        std::optional<std::string> next;
        if (statement.next) next = deps.cursors.seal(name, *statement.next);
        co_return http::Response::json(200, http::page_view(std::move(statement.items), std::move(next)));
    }
};

}  // namespace

void add_routes(http::Router& router, Deps deps) {
    auto edge = std::make_shared<Edge>(Edge{deps});
    using http::Access;
    using http::Method;
    router.add({Method::get, "/api/wallet", Access::signed_in(), http::Rate{},
                [edge](http::Request request) { return edge->show(std::move(request)); }});
    router.add({Method::get, "/api/wallet/transactions", Access::signed_in(), http::Rate{},
                [edge](http::Request request) { return edge->transactions(std::move(request)); }});
}

}  // namespace confidente::wallet
