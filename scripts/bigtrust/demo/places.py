"""Towns: real postal codes of every French region, one overseas departement and four countries nearby."""

# town, postal code, country, weight (thousands of inhabitants, rounded)
TOWNS: tuple[tuple[str, str, str, int], ...] = (
    # Île-de-France
    ("Paris", "75011", "FR", 420),
    ("Paris", "75015", "FR", 480),
    ("Paris", "75018", "FR", 410),
    ("Paris", "75020", "FR", 380),
    ("Paris", "75006", "FR", 120),
    ("Boulogne-Billancourt", "92100", "FR", 120),
    ("Saint-Denis", "93200", "FR", 110),
    ("Versailles", "78000", "FR", 85),
    ("Créteil", "94000", "FR", 92),
    ("Meaux", "77100", "FR", 55),
    # Auvergne-Rhône-Alpes
    ("Lyon", "69003", "FR", 270),
    ("Lyon", "69007", "FR", 250),
    ("Grenoble", "38000", "FR", 158),
    ("Saint-Étienne", "42000", "FR", 173),
    ("Clermont-Ferrand", "63000", "FR", 147),
    ("Annecy", "74000", "FR", 130),
    ("Aurillac", "15000", "FR", 26),
    # Provence-Alpes-Côte d'Azur
    ("Marseille", "13008", "FR", 430),
    ("Marseille", "13005", "FR", 430),
    ("Nice", "06000", "FR", 342),
    ("Toulon", "83000", "FR", 178),
    ("Aix-en-Provence", "13100", "FR", 147),
    ("Gap", "05000", "FR", 41),
    # Occitanie
    ("Toulouse", "31000", "FR", 490),
    ("Montpellier", "34000", "FR", 295),
    ("Nîmes", "30000", "FR", 149),
    ("Perpignan", "66000", "FR", 120),
    ("Albi", "81000", "FR", 49),
    ("Mende", "48000", "FR", 12),
    # Nouvelle-Aquitaine
    ("Bordeaux", "33000", "FR", 260),
    ("Limoges", "87000", "FR", 130),
    ("Poitiers", "86000", "FR", 89),
    ("La Rochelle", "17000", "FR", 78),
    ("Pau", "64000", "FR", 76),
    ("Guéret", "23000", "FR", 13),
    # Hauts-de-France
    ("Lille", "59000", "FR", 234),
    ("Roubaix", "59100", "FR", 98),
    ("Amiens", "80000", "FR", 134),
    ("Arras", "62000", "FR", 42),
    ("Laon", "02000", "FR", 24),
    # Grand Est
    ("Strasbourg", "67000", "FR", 290),
    ("Reims", "51100", "FR", 181),
    ("Metz", "57000", "FR", 119),
    ("Mulhouse", "68100", "FR", 108),
    ("Troyes", "10000", "FR", 62),
    # Pays de la Loire
    ("Nantes", "44000", "FR", 320),
    ("Angers", "49000", "FR", 155),
    ("Le Mans", "72000", "FR", 144),
    ("La Roche-sur-Yon", "85000", "FR", 55),
    # Bretagne
    ("Rennes", "35000", "FR", 222),
    ("Brest", "29200", "FR", 139),
    ("Quimper", "29000", "FR", 63),
    ("Vannes", "56000", "FR", 54),
    # Normandie
    ("Rouen", "76000", "FR", 114),
    ("Le Havre", "76600", "FR", 166),
    ("Caen", "14000", "FR", 105),
    ("Alençon", "61000", "FR", 26),
    # Bourgogne-Franche-Comté
    ("Dijon", "21000", "FR", 158),
    ("Besançon", "25000", "FR", 118),
    ("Nevers", "58000", "FR", 33),
    # Centre-Val de Loire
    ("Tours", "37000", "FR", 137),
    ("Orléans", "45000", "FR", 116),
    ("Bourges", "18000", "FR", 64),
    # Corse
    ("Ajaccio", "20000", "FR", 72),
    ("Bastia", "20200", "FR", 48),
    # La Réunion
    ("Saint-Denis", "97400", "FR", 154),
    # Neighbouring countries
    ("Bruxelles", "1000", "BE", 90),
    ("Liège", "4000", "BE", 60),
    ("Genève", "1201", "CH", 60),
    ("Lausanne", "1003", "CH", 40),
    ("Luxembourg", "1111", "LU", 60),
    ("Kehl", "77694", "DE", 40),
    ("Saarbrücken", "66111", "DE", 30),
)
