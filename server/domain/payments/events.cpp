#include "domain/payments/events.hpp"

#include <boost/json.hpp>

namespace confidente::payments {

void publish(socketio::Server& sockets, const std::string& payload) {
    const auto parsed = json::parse(payload);
    if (!parsed || !parsed->is_object()) return;
    const auto* user = parsed->get_object().if_contains("userId");
    const auto* wallet = parsed->get_object().if_contains("wallet");
    if (!user || !user->is_string() || !wallet) return;
    sockets.emit_to_user(std::string{user->get_string()}, "wallet:updated", *wallet);
}

}  // namespace confidente::payments
