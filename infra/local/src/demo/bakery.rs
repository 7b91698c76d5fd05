//! What the demo's bakery sells, and to whom.

use std::path::Path;

use loyalty::program::CORNER_BAKERY;

use crate::failure::Failure;
use crate::home::ProgramFile;
use crate::shopify::Product;

/// The sample program of a bakery whose till's sales are copied by a connector.
pub(crate) fn program() -> Result<ProgramFile, Failure> {
    let ignoring = format!("[base]\nignore = [\"{CONNECTOR}\"]\n");
    let toml = CORNER_BAKERY.replacen("[base]\n", &ignoring, 1);
    // Nobody looks at its letters before they go: what they do is what the demo shows.
    let toml = toml.replacen("approve_days = 30", "approve_days = 0", 1);
    ProgramFile::parse(Path::new("the demo's program"), toml)
}

/// Where the bakery's mail comes from.
pub(super) const FROM: &str = "hello@corner-bakery.example";

/// Whose bakery it is.
pub(super) const OWNER: &str = "bea@corner-bakery.example";

/// Where it is.
pub(super) const ADDRESS: &str = "Corner Bakery, 18 Kiln Street, Kingston, NY 12401";

/// The app that copies some of the till's sales into the web shop. The program ignores
/// what it brings: the till tells of them itself.
pub(crate) const CONNECTOR: u64 = 4_669_201_609;

const fn product(
    number: u64,
    sku: &'static str,
    title: &'static str,
    price: i64,
    grams: u32,
) -> Product {
    let id = 8_125_400_700_000 + number;
    Product { id, sku, title, price, grams, taxable: false, gift_card: false }
}

const fn taxable(mut product: Product) -> Product {
    product.taxable = true;
    product
}

const fn gift_card(mut product: Product) -> Product {
    product.gift_card = true;
    product
}

/// What is on the shelf. Food to take home is free of sales tax in New York; what is
/// heated or made up for a customer isn't.
pub(crate) static SHELF: [Product; 15] = [
    product(1, "LOAF-SOURDOUGH", "Sourdough loaf", 850, 900),
    product(2, "LOAF-RYE", "Rye loaf", 725, 800),
    product(3, "LOAF-SEEDED", "Seeded wholegrain loaf", 795, 850),
    product(4, "BAGUETTE", "Baguette", 375, 250),
    product(5, "CROISSANT", "Butter croissant", 395, 70),
    product(6, "PAIN-CHOC", "Pain au chocolat", 450, 80),
    product(7, "ROLL-CINNAMON", "Cinnamon roll", 475, 110),
    product(8, "MUFFIN-BLUEBERRY", "Blueberry muffin", 360, 120),
    product(9, "COOKIE-OAT", "Oat cookie", 240, 60),
    product(10, "BAGEL", "Bagel", 185, 105),
    product(11, "TART-LEMON", "Lemon tart", 620, 150),
    product(12, "SLICE-CARROT", "Carrot cake, a slice", 540, 140),
    taxable(product(13, "COFFEE-FILTER", "Filter coffee", 310, 350)),
    taxable(product(14, "COFFEE-CAPPUCCINO", "Cappuccino", 460, 300)),
    taxable(product(15, "SANDWICH-EGG", "Egg and cress sandwich", 920, 260)),
];

/// A whole cake, for an occasion.
pub(crate) static CAKE: Product = product(20, "CAKE-CELEBRATION", "Celebration cake", 3_800, 1_600);

/// Cards that pay for later visits.
pub(crate) static GIFT_CARDS: [Product; 2] = [
    gift_card(product(30, "GIFT-25", "Gift card 25", 2_500, 0)),
    gift_card(product(31, "GIFT-50", "Gift card 50", 5_000, 0)),
];

pub(crate) static FIRST_NAMES: [&str; 24] = [
    "Ada", "Bram", "Celia", "Dario", "Edda", "Farid", "Greta", "Hugo", "Imogen", "Jonas", "Kaya",
    "Lars", "Mina", "Nora", "Omar", "Petra", "Quentin", "Rosa", "Samir", "Tilda", "Uma", "Viktor",
    "Wanda", "Yusuf",
];

pub(crate) static LAST_NAMES: [&str; 24] = [
    "Abbot",
    "Birch",
    "Castle",
    "Dunn",
    "Ebert",
    "Finch",
    "Grove",
    "Hollis",
    "Iverson",
    "Juniper",
    "Kettle",
    "Larch",
    "Marsh",
    "Nettle",
    "Oakes",
    "Penrose",
    "Quill",
    "Rowan",
    "Sedge",
    "Thorne",
    "Underhill",
    "Vale",
    "Willow",
    "Yarrow",
];

/// Area codes of New York State; with 555-0100 to 0199 they make numbers nobody has.
pub(crate) static AREA_CODES: [u16; 18] =
    [212, 315, 332, 347, 516, 518, 585, 607, 631, 646, 680, 716, 718, 838, 845, 914, 917, 929];

/// What a code takes off, in hundred-thousandths.
pub(crate) const CODE_TAKES: i64 = 10_000;

/// Codes around town.
pub(crate) static CODES: [&str; 3] = ["LOAF10", "NEIGHBOR10", "RAINYDAY10"];

/// Delivery by bicycle.
pub(crate) const BICYCLE: i64 = 450;
