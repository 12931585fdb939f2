// Who takes the money: the interface, and the sandbox that takes none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/result.hpp"
#include "platform/base/task.hpp"

namespace confidente::payments {

/// What the provider is asked to collect. `purchase_id` is its idempotency key: asking again gives the same payment.
struct Charge {
    std::string purchase_id;
    std::int64_t amount_minor = 0;
    std::string currency;  ///< ISO 4217
};

/// How the buyer goes on; one of the two.
struct StartedPayment {
    std::string provider_ref;  ///< the provider's own id
    std::optional<std::string> client_secret;
    std::optional<std::string> redirect_url;
};

class Provider {
public:
    virtual ~Provider() = default;
    virtual std::string_view name() const = 0;
    /// Never decides that a payment failed because an answer did not come: the caller asks again.
    virtual Task<Result<StartedPayment>> begin(Charge charge) = 0;
};

/// No money moves; a purchase is settled by POST /api/payments/sandbox/:purchaseId/confirm.
class Sandbox final : public Provider {
public:
    std::string_view name() const override { return "sandbox"; }
    Task<Result<StartedPayment>> begin(Charge charge) override;
};

}  // namespace confidente::payments
