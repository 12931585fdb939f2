#include "domain/payments/routes.hpp"

#include <boost/json.hpp>

#include "domain/wallet/idempotency.hpp"
#include "domain/wallet/view.hpp"

namespace confidente::payments {

namespace {

json::Object money(std::int64_t minor, std::string_view currency) {
    return {{"amount", minor}, {"currency", currency}};
}

json::Object purchase_view(const Purchase& purchase, PurchaseStatus status) {
    return {{"id", purchase.id.value},
            {"status", to_string(status)},
            {"packageId", purchase.package_id},
            {"tokens", purchase.tokens},
            {"price", money(purchase.price_minor, purchase.currency)}};
}

Result<OpenPurchase> read_purchase(const http::Request& request, std::string_view provider) {
    const auto key = request.header("idempotency-key");
    if (!key) {
        return Error{ErrorKind::invalid, "idempotency_key_required", "The Idempotency-Key header is required."};
    }
    TRY_VOID(wallet::check_key(*key));
    TRY(const auto body, request.json_body());
    json::Reader reader{body};
    OpenPurchase command;
    command.user_id = request.principal->user_id;
    command.package_id = reader.text("packageId", {.min = 1, .max = 64});
    command.currency = reader.text("currency", {.min = 3, .max = 3});
    command.provider = provider;
    command.key = *key;
    command.from = {request.remote_address, request.principal->session_id};
    TRY_VOID(reader.finish());
    return command;
}

struct Edge {
    Deps deps;

    Task<Result<http::Response>> list(http::Request) {
        json::Array items;
        for (const auto& package : packages()) {
            items.emplace_back(json::Object{{"id", package.id},
                                            {"name", package.name},
                                            {"tokens", package.tokens},
                                            {"price", money(package.price_minor, package.currency)}});
        }
        const json::Object answer{{"items", std::move(items)}, {"nextCursor", nullptr}};
        co_return http::tagged(http::Response::json(200, answer), http::Audience::everyone);
    }

    Task<Result<http::Response>> open(http::Request request) {
        CO_TRY(auto command, read_purchase(request, deps.provider.name()));
        auto opening = [this, command](db::Transaction& tx) { return deps.payments.open(tx, command); };
        CO_TRY(auto purchase, co_await deps.db.write(opening));
        Charge charge{purchase.id.value, purchase.price_minor, purchase.currency};
        CO_TRY(auto started, co_await deps.provider.begin(std::move(charge)));
        auto attaching = [this, id = purchase.id, ref = started.provider_ref](db::Transaction& tx) {
            return deps.payments.attach(tx, id, ref);
        };
        CO_TRY_VOID(co_await deps.db.write(attaching));
        json::Object payment{{"provider", deps.provider.name()}};
        if (started.client_secret) payment["clientSecret"] = *started.client_secret;
        if (started.redirect_url) payment["redirectUrl"] = *started.redirect_url;
        // A repeat gets the first answer, in which the purchase was still pending.
        const json::Object answer{{"purchase", purchase_view(purchase, PurchaseStatus::pending)},
                                  {"payment", std::move(payment)}};
        co_return http::Response::json(201, answer);
    }

    Task<Result<http::Response>> confirm(http::Request request) {
        const PurchaseId id{request.param("purchaseId")};
        const std::string user = request.principal->user_id;
        std::optional<wallet::OnceOnly> once;
        if (const auto key = request.header("idempotency-key"))
            once = wallet::OnceOnly{user, "confirm", std::string{*key}, id.value};
        auto work = [this, id, user, once](db::Transaction& tx) -> Result<std::string> {
            if (once) {
                TRY(auto first, wallet::first_answer(tx, *once));
                if (first) return std::move(*first);
            }
            TRY(auto answer, settle(tx, id, user));
            if (once) TRY_VOID(wallet::keep_answer(tx, *once, answer, deps.clock.utc_now()));
            return answer;
        };
        CO_TRY(auto answer, co_await deps.db.write(work));
        co_return http::Response::text(200, std::move(answer), "application/json");
    }

    Result<std::string> settle(db::Transaction& tx, const PurchaseId& id, const std::string& user) {
        TRY(const auto purchase, deps.payments.find(tx, id));
        if (purchase.user_id != user || purchase.provider != deps.provider.name())
            return Error{ErrorKind::not_found, "purchase_not_found", "There is no such purchase."};
        TRY(const auto settled, deps.payments.settle(tx, id));
        TRY(const auto balance, deps.wallet.balance_of(tx, user));
        return json::serialize(
            json::Object{{"purchase", purchase_view(settled, settled.status)}, {"balance", balance.tokens}});
    }
};

}  // namespace

void add_routes(http::Router& router, Deps deps) {
    auto edge = std::make_shared<Edge>(Edge{deps});
    using http::Access;
    using http::Method;
    router.add({Method::get, "/api/wallet/packages", Access::anyone(), http::Rate{},
                [edge](http::Request request) { return edge->list(std::move(request)); }});
    router.add({Method::post, "/api/wallet/purchases", Access::clients(), http::Rate{20, 10},
                [edge](http::Request request) { return edge->open(std::move(request)); }});
    if (deps.provider.name() != "sandbox") return;
    router.add({Method::post, "/api/payments/sandbox/:purchaseId/confirm", Access::clients(), http::Rate{60, 20},
                [edge](http::Request request) { return edge->confirm(std::move(request)); }});
}

}  // namespace confidente::payments
