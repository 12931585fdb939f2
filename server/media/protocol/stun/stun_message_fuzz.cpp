// STUN as it arrives, then requests and answers of ours made from the same bytes and read back.
#include <array>

#include "media/protocol/stun/stun.hpp"
#include "testing/fuzz.hpp"

using namespace confidente;
using namespace confidente::media;
using confidente::testing::FuzzInput;

namespace {

constexpr std::string_view kPassword = "VOkJxbRl1RmTxUk/WvJxBt";

StunTransaction transaction_of(FuzzInput& input) {
    StunTransaction transaction{};
    for (auto& byte : transaction) byte = input.u8();
    return transaction;
}

void check_request(FuzzInput input) {
    StunBindingRequest request;
    request.transaction = transaction_of(input);
    request.priority = input.u32();
    request.tie_breaker = std::uint64_t{input.u32()} << 32 | input.u32();
    request.use_candidate = input.u8() & 1;
    request.username = as_text(input.take(513));
    request.password = kPassword;
    const Buffer bytes = write_binding_request(request);
    const auto read = StunMessage::parse(bytes);
    check(read && read->message_class() == StunClass::request && read->transaction() == request.transaction);
    check(read->username() == request.username && read->has_integrity() && read->has_fingerprint());
    check(!read->authenticate("another password, as long as ours"));
    const auto attributes = read->authenticate(kPassword);
    check(attributes && attributes->priority == request.priority);
    check(attributes->ice_controlling == request.tie_breaker && attributes->use_candidate == request.use_candidate);
}

void check_answers(FuzzInput input) {
    const StunTransaction transaction = transaction_of(input);
    SocketAddress mapped = SocketAddress::v4({1, 2, 3, 4}, input.u16());
    if (input.u8() & 1) {
        std::array<std::uint8_t, 16> ip{};
        for (auto& byte : ip) byte = input.u8();
        mapped = SocketAddress::v6(ip, mapped.port);
    }
    const Buffer success = write_binding_success(transaction, mapped, kPassword);
    const auto read = StunMessage::parse(success);
    check(read && read->message_class() == StunClass::success);
    check(read->authenticate(kPassword)->mapped == mapped);
    constexpr std::array<std::uint16_t, 4> kCodes = {400, 401, 420, 487};
    const std::uint16_t code = kCodes[input.u8() % kCodes.size()];
    const Buffer error = write_binding_error(transaction, code, kPassword);
    check(StunMessage::parse(error)->authenticate(kPassword)->error_code == code);
    check(StunMessage::parse(write_binding_error(transaction, code, ""))->message_class() == StunClass::error);
}

}  // namespace

FUZZ(input) {
    if (const auto message = StunMessage::parse(input)) {
        check(looks_like_stun(input) && input.size() <= kMaxStunBytes);
        check(message->username().size() <= input.size());
        const auto attributes = message->authenticate(kPassword);
        check(!attributes || message->has_integrity());
    }
    check_request(FuzzInput{input});
    check_answers(FuzzInput{input});
}
