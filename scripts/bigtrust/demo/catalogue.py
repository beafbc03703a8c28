"""The catalogue: a tree of categories with their replacement cycles, and the products in it."""

import random
from dataclasses import dataclass

import duckdb

from bigtrust.demo.draws import SLOTS, pool, spread


@dataclass(frozen=True)
class Category:
    """A category. `cycle`: months until one usually buys again (None: bought all the time)."""

    category_id: str
    name: str
    parent: str | None
    cycle: int | None = None


@dataclass(frozen=True)
class Shelf:
    """What a leaf category sells: kinds of product, what distinguishes them, prices in euros, popularity."""

    category: Category
    kinds: tuple[str, ...]
    variants: tuple[str, ...]
    prices: tuple[float, float]
    popularity: float


BRANDS = (
    "Arvelo", "Brisalis", "Domelya", "Kerlouan & Fils", "Lumeo", "Nordwik", "Ovalie", "Pastelo", "Quintessa",
    "Tamaris 1902", "Valdoré", "Zéphyra", "L'Essentiel", "Maison Lune", "Écorce", "Filéa",
)  # fmt: skip

BRANCHES = (
    Category("electromenager", "Électroménager", None),
    Category("gros-electromenager", "Gros électroménager", "electromenager"),
    Category("petit-electromenager", "Petit électroménager", "electromenager"),
    Category("image-son", "Image et son", None),
    Category("informatique", "Informatique et téléphonie", None),
    Category("maison", "Maison et jardin", None),
    Category("epicerie", "Épicerie", None),
    Category("bebe", "Bébé et puériculture", None),
    Category("sante-beaute", "Santé et beauté", None),
    Category("loisirs", "Mode et loisirs", None),
)


def _shelf(
    category: tuple[str, str, str, int | None],
    prices: tuple[float, float],
    popularity: float,
    kinds: str,
    variants: str,
) -> Shelf:
    leaf = Category(*category)
    return Shelf(leaf, tuple(kinds.split(" | ")), tuple(variants.split(" | ")), prices, popularity)


SHELVES = (
    _shelf(("lave-linge", "Lave-linge", "gros-electromenager", 120), (329, 899), 0.8,
           "Lave-linge hublot | Lave-linge top | Lave-linge séchant",
           "7 kg | 8 kg, 1400 tr/min | 9 kg | 10 kg, vapeur"),
    _shelf(("lave-vaisselle", "Lave-vaisselle", "gros-electromenager", 120), (299, 849), 0.5,
           "Lave-vaisselle | Lave-vaisselle encastrable",
           "12 couverts | 14 couverts | 45 cm"),
    _shelf(("refrigerateurs", "Réfrigérateurs", "gros-electromenager", 144), (249, 1690), 0.5,
           "Réfrigérateur combiné | Réfrigérateur américain | Réfrigérateur table top",
           "inox | blanc | 340 L | 550 L"),
    _shelf(("cuisson", "Fours et cuisson", "gros-electromenager", 120), (249, 1190), 0.5,
           "Four pyrolyse | Plaque à induction | Cuisinière",
           "60 cm | noir | 3 foyers"),
    _shelf(("seche-linge", "Sèche-linge", "gros-electromenager", 120), (379, 949), 0.3,
           "Sèche-linge pompe à chaleur | Sèche-linge à condensation",
           "8 kg | 9 kg"),
    _shelf(("machines-a-cafe", "Machines à café", "petit-electromenager", 60), (29, 649), 1.4,
           "Machine à expresso | Cafetière filtre | Cafetière à capsules",
           "15 bars | rouge | 12 tasses"),
    _shelf(("aspirateurs", "Aspirateurs", "petit-electromenager", 72), (59, 599), 1.1,
           "Aspirateur balai | Aspirateur traîneau | Aspirateur robot",
           "sans sac | sans fil | silencieux"),
    _shelf(("robots-cuisine", "Robots de cuisine", "petit-electromenager", 84), (24, 799), 1.0,
           "Robot pâtissier | Blender | Mixeur plongeant",
           "1000 W | inox, 5 L | 3 en 1"),
    _shelf(("televisions", "Télévisions", "image-son", 84), (249, 2490), 0.8,
           "Téléviseur OLED | Téléviseur LED | Téléviseur QLED",
           '43" | 55", 4K | 65", 120 Hz'),
    _shelf(("casques-audio", "Casques et enceintes", "image-son", 36), (19, 329), 1.8,
           "Casque sans fil | Enceinte nomade | Écouteurs",
           "noir | bleu nuit | réduction de bruit"),
    _shelf(("barres-de-son", "Barres de son", "image-son", 84), (99, 799), 0.4,
           "Barre de son",
           "2.1 | 5.1 | compacte"),
    _shelf(("ordinateurs", "Ordinateurs portables", "informatique", 60), (399, 1899), 0.7,
           "Ordinateur portable | PC portable de jeu",
           '14", 16 Go | 15,6", 512 Go | 13", 8 Go'),
    _shelf(("telephones", "Téléphones", "informatique", 30), (149, 1199), 1.3,
           "Téléphone mobile | Téléphone reconditionné",
           "128 Go | 256 Go, 5G | double SIM"),
    _shelf(("imprimantes", "Imprimantes", "informatique", 60), (59, 349), 0.5,
           "Imprimante laser | Imprimante jet d'encre",
           "multifonction | recto verso"),
    _shelf(("cartouches", "Cartouches d'encre", "informatique", None), (9.9, 79.9), 2.6,
           "Cartouche noire | Cartouche couleur | Pack de cartouches",
           "XL | standard"),
    _shelf(("literie", "Literie", "maison", 120), (159, 1290), 0.5,
           "Matelas mémoire de forme | Matelas ressorts | Sommier",
           "140 x 190 | 160 x 200 | 90 x 190"),
    _shelf(("canapes", "Canapés", "maison", 120), (199, 1990), 0.4,
           "Canapé d'angle | Canapé convertible | Fauteuil",
           "velours | tissu, 3 places | cuir"),
    _shelf(("luminaires", "Luminaires", "maison", 48), (14.9, 189), 1.8,
           "Lampadaire | Suspension | Lampe de chevet",
           "laiton | rotin | blanc mat"),
    _shelf(("linge-de-maison", "Linge de maison", "maison", 36), (12.9, 129), 2.4,
           "Parure de lit | Drap de bain | Nappe",
           "coton lavé | lin | 2 personnes"),
    _shelf(("tondeuses", "Tondeuses et jardin", "maison", 96), (79, 549), 0.5,
           "Tondeuse électrique | Taille-haie | Débroussailleuse",
           "40 V | 1600 W"),
    _shelf(("bricolage", "Outillage", "maison", 96), (29, 249), 0.9,
           "Perceuse visseuse | Ponceuse | Coffret d'outils",
           "18 V | 2 batteries"),
    _shelf(("cafe", "Café", "epicerie", None), (3.9, 24.9), 9.0,
           "Café en grains | Café moulu | Capsules de café",
           "500 g | 1 kg, bio | x 50 | décaféiné"),
    _shelf(("the", "Thés et infusions", "epicerie", None), (2.9, 18.9), 4.0,
           "Thé vert | Thé noir | Infusion verveine",
           "100 g | 25 sachets | bio"),
    _shelf(("chocolat", "Chocolat et confiserie", "epicerie", None), (2.5, 34.9), 5.0,
           "Ballotin de chocolats | Tablette noir 70 % | Caramels au beurre salé",
           "250 g | 3 x 100 g"),
    _shelf(("vins", "Vins et spiritueux", "epicerie", None), (5.9, 119), 3.5,
           "Vin rouge AOP | Vin blanc sec | Crémant brut",
           "75 cl | carton de 6 | magnum"),
    _shelf(("couches", "Couches", "bebe", None), (12.9, 49.9), 3.0,
           "Couches | Couches-culottes",
           "taille 2, x 84 | taille 3, x 96 | taille 4, x 88"),
    _shelf(("lait-infantile", "Lait infantile", "bebe", None), (9.9, 29.9), 2.2,
           "Lait 1er âge | Lait 2e âge | Lait de croissance",
           "800 g | 1,2 kg | bio"),
    _shelf(("poussettes", "Poussettes", "bebe", 60), (89, 899), 0.5,
           "Poussette citadine | Poussette trio | Poussette double",
           "grise | pliable | tout-terrain"),
    _shelf(("sieges-auto", "Sièges auto", "bebe", 48), (49, 399), 0.5,
           "Siège auto | Rehausseur",
           "groupe 1 | i-Size | pivotant"),
    _shelf(("tests-de-grossesse", "Tests de grossesse", "sante-beaute", None), (4.9, 29.9), 1.0,
           "Test de grossesse | Test d'ovulation",
           "x 1 | x 2, digital"),
    _shelf(("tensiometres", "Tensiomètres et suivi", "sante-beaute", 60), (24.9, 119), 0.7,
           "Tensiomètre bras | Tensiomètre poignet | Oxymètre",
           "connecté | 2 utilisateurs"),
    _shelf(("complements", "Compléments alimentaires", "sante-beaute", None), (6.9, 44.9), 3.0,
           "Magnésium marin | Gélules sommeil | Vitamine D",
           "60 gélules | 3 mois"),
    _shelf(("soins", "Soins du visage et du corps", "sante-beaute", None), (3.9, 59.9), 5.0,
           "Crème hydratante | Gel douche | Sérum",
           "200 ml | 50 ml | sans parfum"),
    _shelf(("chaussures", "Chaussures", "loisirs", 18), (29.9, 159), 3.0,
           "Baskets | Bottines | Sandales",
           "taille 38 | taille 41 | taille 44"),
    _shelf(("livres", "Livres", "loisirs", None), (4.9, 39.9), 4.5,
           "Roman de poche | Bande dessinée | Livre de recettes",
           "broché | édition illustrée"),
)  # fmt: skip

CLEAN = """
create view clean_product_categories as
select i, null::varchar as file, category_id, name, parent_category_id, replacement_cycle_months
from categories;

create view clean_products as
select
    product as i,
    null::varchar as file,
    product_id,
    category_id,
    name,
    list_price::decimal(10, 2)::varchar as list_price,
from products;
"""

PRODUCTS_PER_SHELF = 12
# Shelves, counted from one, that people come back to again and again.
FAVOURITES = [number for number, shelf in enumerate(SHELVES, start=1) if shelf.popularity >= 2.5]


def stock(connection: duckdb.DuckDBPyConnection, *, seed: int) -> None:
    """Create `categories`, `products`, and the slots of the shop (aisle 0) and its shelves (1, 2, ...)."""
    rng = random.Random(seed)
    leaves = [shelf.category for shelf in SHELVES]
    categories = [*BRANCHES, *leaves]
    pool(
        connection,
        "categories",
        {
            "i": range(len(categories)),
            "category_id": [category.category_id for category in categories],
            "name": [category.name for category in categories],
            "parent_category_id": [category.parent for category in categories],
            "replacement_cycle_months": [category.cycle for category in categories],
        },
    )

    count = len(SHELVES) * PRODUCTS_PER_SHELF
    places = [divmod(product, PRODUCTS_PER_SHELF) for product in range(count)]
    brands = [brand for _ in SHELVES for brand in rng.sample(BRANDS, PRODUCTS_PER_SHELF)]
    numbers = sorted(rng.sample(range(10_000, 20_000), count))
    pool(
        connection,
        "products",
        {
            "product": range(count),
            "product_id": [f"P-{number}" for number in numbers],
            "category_id": [SHELVES[shelf].category.category_id for shelf, _ in places],
            "category": [SHELVES[shelf].category.name for shelf, _ in places],
            "cycle": [SHELVES[shelf].category.cycle for shelf, _ in places],
            "name": [_name(SHELVES[shelf], place, brand) for (shelf, place), brand in zip(places, brands, strict=True)],
            "list_price": [_price(SHELVES[shelf], rng) for shelf, _ in places],
        },
    )

    # Within a shelf the first products sell best (Zipf).
    weights = [SHELVES[shelf].popularity / (place + 1) ** 0.7 for shelf, place in places]
    aisles = [(0, product) for product in spread(weights)]
    for aisle in FAVOURITES:
        first = (aisle - 1) * PRODUCTS_PER_SHELF
        shelf_weights = weights[first : first + PRODUCTS_PER_SHELF]
        aisles += [(aisle, first + place) for place in spread(shelf_weights)]
    pool(
        connection,
        "aisles",
        {
            "aisle": [aisle for aisle, _ in aisles],
            "slot": [row % SLOTS for row in range(len(aisles))],
            "product": [product for _, product in aisles],
        },
    )
    connection.execute(CLEAN)


def _name(shelf: Shelf, place: int, brand: str) -> str:
    kind = shelf.kinds[place % len(shelf.kinds)]
    variant = shelf.variants[place // len(shelf.kinds) % len(shelf.variants)]
    return f"{kind} {brand} {variant}"


def _price(shelf: Shelf, rng: random.Random) -> float:
    """A price in euros between the shelf's bounds, more often low than high, ending like prices do."""
    low, high = shelf.prices
    price = low + (high - low) * rng.random() ** 2
    return round(price) - 0.01 if price >= 50 else round(price * 10) / 10 - rng.choice((0.0, 0.01, 0.05))
