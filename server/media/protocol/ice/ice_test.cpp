#include "media/protocol/ice/controlling_agent.hpp"
#include "media/protocol/ice/lite_agent.hpp"
#include "testing/test.hpp"

using namespace confidente;
using namespace confidente::media;

namespace {

struct Agents {
    SeededRandom random{1};
    Instant now{1'000'000'000};
    IceCredentials server_credentials = make_ice_credentials(random);
    IceCredentials client_credentials = make_ice_credentials(random);
    SocketAddress server_address = SocketAddress::v4({10, 0, 0, 1}, 40000);
    SocketAddress client_address = SocketAddress::v4({10, 0, 0, 2}, 5000);
    LiteAgent server{server_credentials, client_credentials.ufrag, now};
    ControllingAgent client{client_credentials, server_credentials, server_address, random, now};

    StunBindingRequest request() {
        username = server_credentials.ufrag + ":" + client_credentials.ufrag;
        StunBindingRequest made;
        made.transaction[0] = ++serial;
        made.username = username;
        made.password = server_credentials.pwd;
        made.tie_breaker = 5;
        return made;
    }
    IceVerdict send(const StunBindingRequest& request, const SocketAddress& from) {
        const auto bytes = write_binding_request(request);
        const auto message = StunMessage::parse(bytes);
        REQUIRE(message);
        answer.clear();
        return server.receive(*message, from, now, answer);
    }
    std::string username;
    Buffer answer;
    std::uint8_t serial = 0;
};

}  // namespace

TEST("a check with nomination connects both sides") {
    Agents agents;
    const auto check = agents.client.tick(agents.now);
    REQUIRE(check);
    CHECK_FALSE(agents.client.tick(agents.now));
    const auto message = StunMessage::parse(*check);
    REQUIRE(message);
    Buffer answer;
    REQUIRE(agents.server.receive(*message, agents.client_address, agents.now, answer) == IceVerdict::answered);
    CHECK(agents.server.selected() == agents.client_address);
    CHECK(agents.server.may_send(agents.now));
    const auto success = StunMessage::parse(answer);
    REQUIRE(success);
    // Neither the wrong address nor an unasked answer counts.
    CHECK_FALSE(agents.client.receive(*success, agents.client_address, agents.now));
    CHECK_FALSE(agents.client.connected());
    CHECK(agents.client.receive(*success, agents.server_address, agents.now));
    CHECK(agents.client.connected());
    CHECK(agents.client.deadline() == agents.now + kConsentInterval);
}

TEST("before nomination, what is sent goes where the other side talks from; nomination has the last word") {
    Agents agents;
    const auto other = SocketAddress::v4({10, 0, 0, 9}, 9);
    const auto unknown = SocketAddress::v4({66, 6, 6, 6}, 6);
    CHECK(agents.send(agents.request(), agents.client_address) == IceVerdict::answered);
    CHECK(agents.server.validated(agents.client_address, agents.now));
    CHECK(agents.server.selected() == agents.client_address);
    agents.send(agents.request(), other);
    CHECK(agents.server.selected() == agents.client_address);
    agents.server.prefer(unknown, agents.now);
    CHECK(agents.server.selected() == agents.client_address);
    agents.server.prefer(other, agents.now);
    CHECK(agents.server.selected() == other);
    CHECK_FALSE(agents.server.nominated());
    auto nomination = agents.request();
    nomination.use_candidate = true;
    agents.send(nomination, agents.client_address);
    agents.server.prefer(other, agents.now);
    CHECK(agents.server.selected() == agents.client_address);
    CHECK(agents.server.nominated());
}

TEST("a wrong user fragment or password is dropped in silence and changes nothing") {
    Agents agents;
    auto wrong_user = agents.request();
    wrong_user.use_candidate = true;
    const auto other = agents.server_credentials.ufrag + ":someoneelse";
    wrong_user.username = other;
    CHECK(agents.send(wrong_user, agents.client_address) == IceVerdict::unauthenticated);
    auto wrong_password = agents.request();
    wrong_password.use_candidate = true;
    wrong_password.password = agents.client_credentials.pwd;
    CHECK(agents.send(wrong_password, agents.client_address) == IceVerdict::unauthenticated);
    CHECK(agents.answer.empty());
    CHECK_FALSE(agents.server.validated(agents.client_address, agents.now));
    CHECK_FALSE(agents.server.selected());
}

TEST("the other side's last nomination is followed when its address changes") {
    Agents agents;
    const auto elsewhere = SocketAddress::v4({192, 168, 7, 7}, 6000);
    auto first = agents.request();
    first.use_candidate = true;
    agents.send(first, agents.client_address);
    agents.send(agents.request(), elsewhere);
    CHECK(agents.server.selected() == agents.client_address);
    auto second = agents.request();
    second.use_candidate = true;
    agents.send(second, elsewhere);
    CHECK(agents.server.selected() == elsewhere);
    CHECK(agents.server.validated(agents.client_address, agents.now));
}

TEST("sending stops after 20 s of silence, the session is lost after 30 s") {
    Agents agents;
    auto request = agents.request();
    request.use_candidate = true;
    agents.send(request, agents.client_address);
    CHECK(agents.server.may_send(agents.now + 19'999ms));
    CHECK_FALSE(agents.server.may_send(agents.now + 20s));
    CHECK(agents.server.lost_at() == agents.now + 30s);
    agents.now = agents.now + 25s;
    agents.send(agents.request(), agents.client_address);
    CHECK(agents.server.may_send(agents.now));
    CHECK(agents.server.lost_at() == agents.now + 30s);
}

TEST("more addresses than there is room for push out the one longest silent, never the memory") {
    Agents agents;
    for (std::uint16_t port = 1; port <= 100; ++port) {
        agents.now = agents.now + 1ms;
        agents.send(agents.request(), SocketAddress::v4({10, 0, 0, 3}, port));
    }
    CHECK(agents.server.validated(SocketAddress::v4({10, 0, 0, 3}, 100), agents.now));
    CHECK(agents.server.validated(SocketAddress::v4({10, 0, 0, 3}, 93), agents.now));
    CHECK_FALSE(agents.server.validated(SocketAddress::v4({10, 0, 0, 3}, 92), agents.now));
}
