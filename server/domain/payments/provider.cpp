#include "domain/payments/provider.hpp"

namespace confidente::payments {

Task<Result<StartedPayment>> Sandbox::begin(Charge charge) {
    StartedPayment started;
    started.provider_ref = "sandbox_" + charge.purchase_id;
    // Not a secret: the sandbox confirms by ownership of the purchase.
    started.client_secret = "sandbox_secret_" + charge.purchase_id;
    co_return started;
}

}  // namespace confidente::payments
