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

TEST("after a restart the credentials before it are good until the new ones are used, and then dead") {
    Agents agents;
    auto first = agents.request();
    first.use_candidate = true;
    agents.send(first, agents.client_address);
    const auto fresh = make_ice_credentials(agents.random);
    agents.server.restart(fresh, "newufrag");
    CHECK(agents.server.restarting());
    // Media goes on where it went, and the old checks keep consent.
    CHECK(agents.server.selected() == agents.client_address);
    agents.now = agents.now + 15s;
    CHECK(agents.send(agents.request(), agents.client_address) == IceVerdict::answered);
    CHECK(agents.server.may_send(agents.now + 19s));
    // The new ones may come from elsewhere, and move nothing until they nominate.
    const auto elsewhere = SocketAddress::v4({192, 168, 7, 7}, 6000);
    auto renewed = agents.request();
    const auto username = fresh.ufrag + ":newufrag";
    renewed.username = username;
    renewed.password = fresh.pwd;
    CHECK(agents.send(renewed, elsewhere) == IceVerdict::answered);
    CHECK_FALSE(agents.server.restarting());
    CHECK(agents.server.selected() == agents.client_address);
    CHECK(agents.send(agents.request(), agents.client_address) == IceVerdict::unauthenticated);
    renewed.use_candidate = true;
    agents.send(renewed, elsewhere);
    CHECK(agents.server.selected() == elsewhere);
}

TEST("credentials are never mixed: the new user name with the old password is nobody") {
    Agents agents;
    const auto fresh = make_ice_credentials(agents.random);
    agents.server.restart(fresh, "newufrag");
    auto mixed = agents.request();
    const auto username = fresh.ufrag + ":newufrag";
    mixed.username = username;
    CHECK(agents.send(mixed, agents.client_address) == IceVerdict::unauthenticated);
    auto other = agents.request();
    other.password = fresh.pwd;
    CHECK(agents.send(other, agents.client_address) == IceVerdict::unauthenticated);
    CHECK(agents.server.restarting());
}

TEST("of two restarts in a row the first is forgotten, and what came before both is still good") {
    Agents agents;
    const auto second = make_ice_credentials(agents.random), third = make_ice_credentials(agents.random);
    agents.server.restart(second, "second");
    agents.server.restart(third, "third");
    auto forgotten = agents.request();
    const auto second_name = second.ufrag + ":second", third_name = third.ufrag + ":third";
    forgotten.username = second_name;
    forgotten.password = second.pwd;
    CHECK(agents.send(forgotten, agents.client_address) == IceVerdict::unauthenticated);
    CHECK(agents.send(agents.request(), agents.client_address) == IceVerdict::answered);
    auto last = agents.request();
    last.username = third_name;
    last.password = third.pwd;
    CHECK(agents.send(last, agents.client_address) == IceVerdict::answered);
    CHECK_FALSE(agents.server.restarting());
}

TEST("an answer is never longer than the authenticated request it answers") {
    Agents agents;
    const auto sixes = SocketAddress::v6({0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 65'535);
    for (const auto& from : {agents.client_address, sixes}) {
        const auto request = agents.request();
        REQUIRE(agents.send(request, from) == IceVerdict::answered);
        CHECK(agents.answer.size() <= write_binding_request(request).size());
    }
}
