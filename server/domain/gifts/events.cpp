#include "domain/gifts/events.hpp"

#include <boost/json.hpp>

#include "domain/wallet/idempotency.hpp"
#include "platform/crypto/hash.hpp"

namespace confidente::gifts {

namespace {

Result<SendGift> read_gift(const socketio::EventRequest& request) {
    json::Reader reader{*request.payload};
    SendGift command;
    command.user = {request.principal.user_id};
    command.live = {reader.text("liveId", {.min = 36, .max = 36})};
    command.gift_type = reader.text("giftType", {.min = 1, .max = 32});
    command.amount = reader.integer("amount", {.min = 1, .max = kMaxAmount});
    const auto key = reader.optional_text("idempotencyKey", {.min = 1, .max = 128});
    TRY_VOID(reader.finish());
    if (!is_uuid(command.live.value)) {
        return Error{ErrorKind::not_found, "live_not_found", "There is no such live."};
    }
    // Without a key of the client's, the event itself is the request that must take effect once.
    command.key = key ? *key : "event:" + crypto::sha256_hex(request.principal.session_id + "|" + request.ack_key);
    TRY_VOID(wallet::check_key(command.key));
    return command;
}

struct Edge {
    EventDeps deps;

    Task<Result<json::Value>> send(socketio::EventRequest request) {
        CO_TRY(auto command, read_gift(request));
        auto sending = deps.db.write_batched(deps.gifts.batch(), std::move(command));
        CO_TRY(auto sent, co_await sending);
        co_return json::parse(sent.answer);
    }
};

}  // namespace

void add_events(socketio::Server& sockets, EventDeps deps) {
    auto edge = std::make_shared<Edge>(Edge{deps});
    sockets.add({"gift:send", http::Access::clients(), http::Rate{120, 20},
                 [edge](socketio::EventRequest request) { return edge->send(std::move(request)); }});
}

void publish(socketio::Server& sockets, const std::string& payload) {
    const auto parsed = json::parse(payload);
    if (!parsed || !parsed->is_object()) return;
    const auto& event = parsed->get_object();
    const auto* gift = event.if_contains("gift");
    if (!gift || !gift->is_object()) return;
    if (const auto* live = gift->get_object().if_contains("liveId"); live && live->is_string()) {
        const std::string room = "live:" + std::string{live->get_string()};
        sockets.emit(room, "gift:received", json::Object{{"gift", *gift}});
    }
    const auto* wallets = event.if_contains("wallets");
    if (!wallets || !wallets->is_array()) return;
    for (const auto& wallet : wallets->get_array()) {
        if (!wallet.is_object()) continue;
        json::Object view = wallet.get_object();
        const auto* user = view.if_contains("userId");
        if (!user || !user->is_string()) continue;
        const std::string id{user->get_string()};
        view.erase("userId");
        sockets.emit_to_user(id, "wallet:updated", view);
    }
}

}  // namespace confidente::gifts
