#include "domain/auth/password_rules.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace confidente::auth {
namespace {

// The first guesses of every published list of leaked passwords that have eight bytes or more, in English, Portuguese
// and Spanish, lower case, sorted. Attempts are limited, so it is the top that counts, not the length of the list.
constexpr auto kFirstGuesses = std::to_array<std::string_view>({
    "0123456789",  "10203040",    "102030405060", "11223344",   "1122334455",     "112233445566",  "12121212",
    "123123123",   "12341234",    "1234512345",   "12345678",   "123456789",      "1234567890",    "12345678910",
    "1234abcd",    "1234qwer",    "123654789",    "123abc123",  "123qwe123",      "12qwaszx",      "13131313",
    "147258369",   "159753456",   "1q2w3e4r",     "1q2w3e4r5t", "1qaz2wsx",       "20202020",      "321654987",
    "69696969",    "741852963",   "789456123",    "87654321",   "987654321",      "9876543210",    "99887766",
    "a1b2c3d4",    "a1b2c3d4e5",  "aa123456",     "aa12345678", "abc12345",       "abc123456",     "abcd1234",
    "abcdef123",   "abcdefgh",    "admin123",     "admin1234",  "administrador",  "administrator", "amor1234",
    "argentina",   "arsenal1",    "asdf1234",     "asdfasdf",   "asdfghjk",       "asdfghjkl",     "ashley12",
    "barcelona",   "barcelona1",  "baseball",     "baseball1",  "basketball",     "batman123",     "blink182",
    "changeit",    "changeme",    "changeme123",  "charlie1",   "chelsea1",       "colombia",      "computer",
    "computer1",   "confidente",  "contrasena",   "contraseña", "corinthians",    "corinthians1",  "counterstrike",
    "daniel12",    "default1",    "deuseamor",    "deusefiel",  "dragon123",      "estrella",      "estrella1",
    "euteamo1",    "euteamovida", "facebook",     "facebook1",  "familia1",       "felicidade",    "flamengo",
    "flamengo1",   "football",    "football1",    "freedom1",   "fuckyou1",       "fuckyou123",    "fuckyouall",
    "gatinha1",    "google123",   "gremio123",    "guest123",   "hello123",       "hello1234",     "helloworld",
    "ihateyou",    "iloveu123",   "iloveyou",     "iloveyou1",  "iloveyou2",      "iloveyou3",     "instagram",
    "instagram1",  "internet",    "internet1",    "jennifer",   "jessica1",       "jesus123",      "jesuscristo",
    "jesusteama",  "jordan23",    "letmein1",     "letmein123", "liveconfidente", "livelive",      "liverpool",
    "liverpool1",  "manchester1", "master123",    "metallica1", "meuamor1",       "michael1",      "micontraseña",
    "midnight",    "minecraft",   "minecraft1",   "minhasenha", "monkey123",      "mypassword",    "mypassword1",
    "newpassword", "nintendo",    "p@ssw0rd",     "p@ssword",   "pa$$word",       "pa55word",      "palmeiras",
    "palmeiras1",  "pass1234",    "passw0rd",     "password",   "password1!",     "password12",    "passwords",
    "passwort",    "playstation", "poiuytrewq",   "pokemon1",   "pokemon123",     "portugal",      "princesa",
    "princesa1",   "princess",    "princess1",    "q1w2e3r4",   "q1w2e3r4t5",     "qazwsx123",     "qazwsxedc",
    "qwer1234",    "qwerty12",    "qwerty123",    "qwerty1234", "qwertyqwerty",   "qwertyui",      "qwertyuiop",
    "realmadrid",  "realmadrid1", "root1234",     "samsung1",   "samsung123",     "saopaulo",      "saopaulo1",
    "secret123",   "senha123",    "senha1234",    "senha12345", "senhasenha",     "slipknot1",     "starwars",
    "starwars1",   "sunshine",    "sunshine1",    "superman",   "superman1",      "teamo123",      "teamomucho",
    "temporary",   "temppass",    "tequiero",     "tequiero1",  "test1234",       "teste123",      "testtest",
    "thunder1",    "trustno1",    "user1234",     "vasco123",   "welcome1",       "welcome123",    "whatever",
    "whatever1",   "zaq12wsx",    "zaq1zaq1",     "zxcvbnm1",   "zxcvbnm123",
});

bool one_character(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [&](char c) { return c == text.front(); });
}

bool counts_on(std::string_view text) {
    int up = 0, down = 0;
    for (std::size_t i = 1; i < text.size(); ++i) {
        up += text[i] == text[i - 1] + 1;
        down += text[i] == text[i - 1] - 1;
    }
    const auto steps = static_cast<int>(text.size()) - 1;
    return up == steps || down == steps;
}

}  // namespace

Status check_password(std::string_view password) {
    if (password.size() < kMinPassword) return validation_error("password", "too_short", "must have at least 8 bytes");
    if (password.size() > kMaxPassword) return validation_error("password", "too_long", "must have at most 256 bytes");
    std::string lower{password};
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    if (std::binary_search(kFirstGuesses.begin(), kFirstGuesses.end(), lower) || one_character(lower) ||
        counts_on(lower))
        return validation_error("password", "too_common", "is one of the first that anybody would try");
    return {};
}

}  // namespace confidente::auth
