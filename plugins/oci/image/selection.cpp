#include "image/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "fstool/error.h"

namespace fstool::oci {

namespace {

using Offers = std::vector<const ImageOffer*>;

/// The name that Docker shows for one of its registry's.
std::string_view familiar(std::string_view name) {
  for (const std::string_view prefix : {"docker.io/library/", "docker.io/"}) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return name;
}

bool is_called(const ImageOffer& offer, const std::string& wanted) {
  const auto is_name = [&](const std::string& name) {
    return name == wanted || familiar(name) == familiar(wanted) ||
           familiar(name) == fmt::format("{}:latest", familiar(wanted));
  };
  const auto is_digest = [&](const Digest& digest) { return digest.text() == wanted; };
  return std::ranges::any_of(offer.names, is_name) || std::ranges::any_of(offer.digests, is_digest);
}

/// What one can write as `image` to get this one.
std::string handle(const ImageOffer& offer) {
  return offer.names.empty() ? offer.digests.front().text() : offer.names.front();
}

std::string platform_text(const ImageOffer& offer) {
  return offer.platform ? offer.platform->text() : "an unknown platform";
}

/// The different texts, in the order of their first appearance; a few of them if there are very many.
template <class Text>
std::string listed(const Offers& offers, Text&& text) {
  constexpr std::size_t kMostListed = 20;
  std::set<std::string> seen;
  std::string list;
  for (const ImageOffer* const offer : offers) {
    const std::string item = text(*offer);
    if (!seen.insert(item).second) continue;
    if (seen.size() > kMostListed) return list + ", …";
    list += (list.empty() ? "" : ", ") + item;
  }
  return list;
}

/// Those of the one image that is meant, for whatever platform.
Offers of_one_image(const Offers& offers, const Wish& wish) {
  Offers chosen;
  if (wish.image) {
    std::ranges::copy_if(offers, std::back_inserter(chosen),
                         [&](const ImageOffer* offer) { return is_called(*offer, *wish.image); });
    if (!chosen.empty()) return chosen;
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("there is no image \"{}\"; there are: {}", *wish.image, listed(offers, handle)));
  }
  const bool are_one =
      std::ranges::all_of(offers, [&](const ImageOffer* offer) { return offer->names == offers.front()->names; });
  if (are_one) return offers;
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("there are several images: choose one with image = \"…\": {}", listed(offers, handle)));
}

const ImageOffer& only_one(const Offers& offers, const Platform& platform) {
  const bool are_same = std::ranges::all_of(
      offers, [&](const ImageOffer* offer) { return offer->digests.back() == offers.front()->digests.back(); });
  if (are_same) return *offers.front();
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("there are several images for {}: choose one with image = \"…\": {}", platform.text(),
                          listed(offers, [](const ImageOffer& offer) { return offer.digests.back().text(); })));
}

const ImageOffer& for_platform(const Offers& offers, const Platform& wanted) {
  Offers best;
  unsigned most = 1;
  for (const ImageOffer* const offer : offers) {
    const unsigned suits = offer->platform ? suitability(wanted, *offer->platform) : 0;
    if (suits < most) continue;
    if (suits > most) best.clear();
    most = suits;
    best.push_back(offer);
  }
  if (!best.empty()) return only_one(best, wanted);
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("there is no image for {}: choose with platform = \"…\" one of {}", wanted.text(),
                          listed(offers, platform_text)));
}

}  // namespace

const ImageOffer& choose(const std::vector<ImageOffer>& offers, const Wish& wish, Context& context) {
  Offers all;
  for (const ImageOffer& offer : offers) all.push_back(&offer);
  if (all.empty()) throw Error(ErrorCode::Corrupt, "it lists no image");
  const Offers chosen = of_one_image(all, wish);
  if (wish.platform) return for_platform(chosen, *wish.platform);
  if (chosen.size() > 1) return for_platform(chosen, wish.host);
  const ImageOffer& only = *chosen.front();
  if (only.platform && suitability(wish.host, *only.platform) == 0) {
    context.warn(fmt::format("the image {} is for {}; platform = \"{}\" says that this is meant", handle(only),
                             only.platform->text(), only.platform->text()));
  }
  return only;
}

}  // namespace fstool::oci
