"""What the simulated shop sells, by top category and brand.

Shares, quartiles and the ten brands are from the published aggregate statistics of the REES46 multi-category
store; how a top category divides into leaves, and a brand into top categories, is invented.
"""

from dataclasses import dataclass

PRODUCTS = 386_299
CATEGORY_IDS = 1_325
BRANDS = 6_354
NO_BRAND = 0.22
"""Share of the events on products of none of the ten brands that name no brand (13.4 % of all events)."""
HIGHEST_PRICE = 2574.07


@dataclass(frozen=True)
class Department:
    """A top category. Counts are thousands of events; prices are those paid.

    `leaves` are "name:weight" from the cheapest to the dearest; `ids` is the number of category ids.
    """

    name: str
    views: int
    carts: int
    purchases: int
    q1: float
    median: float
    q3: float
    ids: int
    leaves: str


DEPARTMENTS = (
    Department("construction", 77483, 6301, 2442, 158.52, 450.0, 614.51, 40,
               "components.faucet:2 tools.saw:2 tools.drill:6 tools.welding:1 tools.light:86 "
               "tools.generator:2"),
    Department("electronics", 69201, 3455, 1341, 134.78, 291.9, 496.77, 62,
               "audio.microphone:1 audio.headphone:17 clocks:12 telephone:2 audio.acoustic:3 tablet:4 "
               "smartphone:46 video.tv:13 camera.photo:2"),
    Department("appliances", 63418, 2746, 926, 77.20, 220.0, 367.81, 110,
               "personal.scales:2 iron:6 kitchen.kettle:6 kitchen.blender:7 ironing_board:1 "
               "personal.hair_cutter:3 environment.air_heater:6 environment.vacuum:18 kitchen.microwave:6 "
               "sewing_machine:3 kitchen.hob:5 kitchen.washer:17 kitchen.refrigerators:16 "
               "environment.air_conditioner:4"),
    Department("", 62106, 2298, 768, 34.75, 66.5, 144.66, 750, ":1"),
    Department("apparel", 41137, 1490, 455, 32.95, 70.7, 154.44, 120,
               "sock:3 tshirt:9 underwear:5 shirt:6 jeans:8 trousers:7 dress:7 shoes.keds:18 shoes:24 "
               "costume:7 jacket:6"),
    Department("computers", 18733, 564, 202, 58.95, 129.1, 283.12, 60,
               "peripherals.mouse:8 peripherals.keyboard:8 components.cooler:3 components.hdd:6 ebooks:2 "
               "peripherals.printer:10 components.memory:4 peripherals.monitor:10 components.videocards:8 "
               "desktop:10 notebook:31"),
    Department("sport", 16146, 990, 316, 38.10, 95.2, 169.61, 38,
               "tennis:14 ski:16 snowboard:20 bicycle:35 trainer:15"),
    Department("furniture", 17652, 639, 197, 21.62, 42.3, 111.46, 60,
               "bedroom.pillow:6 bedroom.blanket:8 universal.light:10 kitchen.chair:9 bathroom.toilet:9 "
               "living_room.chair:8 kitchen.table:9 living_room.cabinet:15 "
               "bedroom.bed:12 living_room.sofa:14"),
    Department("kids", 9129, 304, 94, 29.32, 60.1, 128.68, 28,
               "fmcg.diapers:8 dolls:14 toys:38 swing:10 skates:10 carriage:20"),
    Department("auto", 4646, 145, 54, 51.22, 190.0, 283.92, 22,
               "accessories.compressor:20 accessories.parktronic:6 accessories.radar:14 "
               "accessories.videoregister:20 accessories.alarm:20 accessories.player:20"),
    Department("accessories", 4806, 127, 37, 20.10, 52.4, 86.49, 22, "umbrella:15 wallet:25 bag:60"),
    Department("country_yard", 841, 40, 11, 7.44, 14.8, 36.01, 5,
               "watering:40 furniture.hammok:25 cultivator:35"),
    Department("stationery", 172, 7, 2, 8.70, 30.8, 72.07, 4, "paper:20 cartrige:80"),
    Department("medicine", 276, 8, 3, 12.74, 28.9, 41.13, 4, "tools.tonometer:100"),
)  # fmt: skip


@dataclass(frozen=True)
class Brand:
    """A published brand: shares of all views and purchases, and how its purchases divide into departments.

    `dearness` places its products among those of a department, 0 the cheapest and 1 the dearest.
    """

    name: str
    views: float
    purchases: float
    dearness: float
    departments: dict[str, float]


NAMED_BRANDS = (
    Brand("samsung", 0.1164, 0.2288, 0.38, {"construction": 0.62, "electronics": 0.25, "appliances": 0.13}),
    Brand("apple", 0.0808, 0.1820, 0.95, {"construction": 0.60, "electronics": 0.34, "computers": 0.06}),
    Brand("xiaomi", 0.0661, 0.0793, 0.22, {"construction": 0.55, "electronics": 0.35, "appliances": 0.10}),
    Brand("huawei", 0.0243, 0.0333, 0.28, {"construction": 0.65, "electronics": 0.35}),
    Brand("oppo", 0.0107, 0.0174, 0.28, {"construction": 0.70, "electronics": 0.30}),
    Brand("lucente", 0.0098, 0.0159, 0.60, {"appliances": 0.70, "furniture": 0.30}),
    Brand("lg", 0.0136, 0.0133, 0.75, {"appliances": 0.65, "electronics": 0.35}),
    Brand("sony", 0.0119, 0.0111, 0.65, {"electronics": 1.0}),
    Brand("acer", 0.0109, 0.0090, 0.85, {"computers": 1.0}),
    Brand("lenovo", 0.0112, 0.0083, 0.75, {"computers": 1.0}),
)
