#include <filesystem>
#include <fstream>
#include <sstream>

#include "platform/mail/mailer.hpp"
#include "platform/mail/outbox.hpp"
#include "testing/database.hpp"

namespace confidente::mail {
namespace {

constexpr UtcTime kNow{1'790'000'000'000};
const Sender kSender{"no-reply@example.org", "Live Confidente"};

Message letter(std::string to = "ana@example.com", std::string subject = "Olá, João") {
    return {std::move(to), std::move(subject), "Olá\n=\nfim \n", "<p>Olá</p>", "pt-BR"};
}

/// A relay that fails as often as it is told.
class FlakyMailer final : public Mailer {
public:
    Status send(const Message& message) override {
        ++tries;
        if (tries <= failures) return Error{.kind = ErrorKind::unavailable, .code = "mail_unavailable"};
        if (refuses) return Error{.kind = ErrorKind::unprocessable, .code = "mail_refused"};
        sent.push_back(message.to);
        return {};
    }
    int tries = 0, failures = 0;
    bool refuses = false;
    std::vector<std::string> sent;
};

constexpr db::Query kWaiting{"test_mail_waiting", "SELECT COUNT(*) AS n FROM mail_outbox"};

struct Fixture {
    explicit Fixture(db::Database& engine) : db(engine) {}
    db::Database& db;
    ManualClock clock;
    SeededRandom random{1};
    FlakyMailer mailer;
    int written = 0;
    Writer writer = [this](db::Transaction&, const Order& order) -> Result<std::optional<Message>> {
        ++written;
        if (order.recipient == "nobody") return std::optional<Message>{};
        if (order.recipient == "broken") return internal_error("no words");
        return std::optional{letter(order.recipient)};
    };

    void order(const std::string& recipient, Duration good_for = std::chrono::hours{1}) {
        auto work = [&](db::Transaction& tx) {
            return enqueue(tx, {"kind", recipient, "en", good_for}, clock.utc_now(), random);
        };
        REQUIRE(db.write_blocking(work).has_value());
    }
    void send() { REQUIRE(send_due(db, mailer, writer, clock.utc_now()).has_value()); }
    std::int64_t waiting() {
        auto work = [](db::Transaction& tx) { return tx.query(kWaiting); };
        return db.read_blocking(work).value()[0].integer("n");
    }
};

}  // namespace

TEST("nothing that is put into a mail becomes a header or a recipient") {
    SeededRandom random{1};
    for (const auto* bad : {"a@b.c\r\nBcc: x@y.z", "a@b.c>,<x@y.z", "a b@c.d", "a@b.c,x@y.z", "", "a@", "@b", "a",
                            "\"a\"@b.c", "a@b.c\n", "a@b\t.c", "a@b.c;"}) {
        CAPTURE(bad);
        CHECK(compose(letter(bad), kSender, Encoding::eight_bit, kNow, random).error().code == "bad_address");
    }
    const auto bytes =
        compose(letter("a@b.c", "Hi\r\nBcc: x@y.z\r\n\r\nbody"), kSender, Encoding::quoted_printable, kNow, random)
            .value();
    CHECK(bytes.find("\nBcc:") == std::string::npos);
    CHECK(bytes.find("Subject: Hi  Bcc: x@y.z    body\r\n") != std::string::npos);
}

TEST("subjects of any language are encoded words that never cut a character") {
    CHECK(encoded_words("Reset your password") == "Reset your password");
    CHECK(encoded_words("Olá") == "=?UTF-8?B?T2zDoQ==?=");
    CHECK(encoded_words("=?UTF-8?B?aGk=?=") != "=?UTF-8?B?aGk=?=");
    std::string accents;
    for (int i = 0; i < 60; ++i) accents += "é";
    std::istringstream lines{encoded_words(accents)};
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 78);
    CHECK(encoded_words("\x80\x80\x80").size() < 100);
}

TEST("quoted-printable keeps every byte and every line short") {
    CHECK(quoted_printable("a=b\n") == "a=3Db\r\n");
    CHECK(quoted_printable("end \n") == "end=20\r\n");
    CHECK(quoted_printable("Olá") == "Ol=C3=A1");
    std::istringstream lines{quoted_printable(std::string(500, 'x') + std::string(100, '='))};
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 77);
    CHECK(html_escaped("<a href=\"x\">&'") == "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
}

TEST("a mail has what readers need: date, id, both parts") {
    SeededRandom random{1};
    const auto bytes = compose(letter(), kSender, Encoding::eight_bit, kNow, random).value();
    CHECK(bytes.find("From: Live Confidente <no-reply@example.org>\r\nTo: <ana@example.com>\r\n") == 0);
    CHECK(bytes.find("\r\nDate: Mon, 21 Sep 2026 14:13:20 +0000\r\n") != std::string::npos);
    CHECK(bytes.find("@example.org>\r\nMIME-Version: 1.0\r\n") != std::string::npos);
    CHECK(bytes.find("Content-Type: text/plain; charset=utf-8") < bytes.find("Content-Type: text/html; charset=utf-8"));
    CHECK(bytes.find("Olá\r\n=\r\n") != std::string::npos);
}

TEST("the folder holds whole files that only their owner may read") {
    SeededRandom random{1};
    ManualClock clock;
    const auto folder = std::filesystem::temp_directory_path() / ("mail-" + SystemRandom{}.token(12));
    const auto mailer = make_folder_mailer(folder, kSender, clock, random);
    REQUIRE(mailer->send(letter()).has_value());
    REQUIRE(mailer->send(letter()).has_value());
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        ++files;
        CHECK(entry.path().extension() == ".eml");
        CHECK((entry.status().permissions() & std::filesystem::perms::others_all) == std::filesystem::perms::none);
        std::ifstream in{entry.path()};
        std::string first;
        std::getline(in, first);
        CHECK(first.starts_with("From: Live Confidente"));
    }
    CHECK(files == 2);
    std::filesystem::remove_all(folder);
    std::ofstream{folder} << "a file where the folder should be";
    CHECK(mailer->send(letter()).error().kind == ErrorKind::unavailable);
    std::filesystem::remove(folder);
}

TEST("a mail is sent once, and forgotten") {
    testing::each_database([](db::Database& db) {
        Fixture f{db};
        f.order("a@b.c");
        f.order("nobody");
        f.send();
        f.send();
        CHECK(f.mailer.sent == std::vector<std::string>{"a@b.c"});
        CHECK(f.waiting() == 0);
    });
}

TEST("a relay that is away gets the mail when it is back, after growing pauses") {
    testing::each_database([](db::Database& db) {
        Fixture f{db};
        f.mailer.failures = 3;
        f.order("a@b.c");
        f.send();
        f.send();
        CHECK(f.mailer.tries == 1);  // not before its time
        for (const auto pause : {2s, 4s, 8s}) {
            f.clock.advance(pause - 1ms);
            const auto before = f.mailer.tries;
            f.send();
            CHECK(f.mailer.tries == before);
            f.clock.advance(1ms);
            f.send();
            CHECK(f.mailer.tries == before + 1);
        }
        CHECK(f.mailer.sent.size() == 1);
        CHECK(f.written == 4);  // a fresh message, with a fresh link, at each attempt
        CHECK(f.waiting() == 0);
    });
}

TEST("what is refused for good, or came too late, is dropped; a broken order holds up nobody") {
    testing::each_database([](db::Database& db) {
        Fixture f{db};
        f.mailer.refuses = true;
        f.order("a@b.c");
        f.send();
        CHECK(f.waiting() == 0);
        f.mailer.refuses = false;
        f.mailer.failures = 1000;
        f.order("b@b.c", 10s);
        for (int i = 0; i < 10; ++i) {
            f.send();
            f.clock.advance(5s);
        }
        CHECK(f.waiting() == 0);
        f.mailer.failures = 0;
        f.order("broken");
        f.order("c@b.c");
        f.send();
        CHECK(f.mailer.sent.back() == "c@b.c");
        CHECK(f.waiting() == 1);
    });
}

TEST("two senders at once do not send one row twice") {
    testing::each_database([](db::Database& db) {
        Fixture f{db};
        f.order("a@b.c");
        // The other sender comes while this one is handing the mail over.
        class Nested final : public Mailer {
        public:
            explicit Nested(Fixture& other) : other_(other) {}
            Status send(const Message&) override {
                other_.send();
                return {};
            }

        private:
            Fixture& other_;
        } nested{f};
        REQUIRE(send_due(db, nested, f.writer, f.clock.utc_now()).has_value());
        CHECK(f.mailer.tries == 0);
        CHECK(f.waiting() == 0);
    });
}

}  // namespace confidente::mail
