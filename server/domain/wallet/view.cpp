#include "domain/wallet/view.hpp"

#include <boost/json.hpp>

namespace confidente::wallet {

json::Object wallet_view(const Balance& balance, Earnings earnings) {
    json::Object view{{"balance", balance.tokens}, {"currency", kToken}};
    if (earnings == Earnings::shown) {
        view["earnings"] = json::Object{{"pending", balance.pending}, {"available", balance.available}};
    }
    return view;
}

}  // namespace confidente::wallet
