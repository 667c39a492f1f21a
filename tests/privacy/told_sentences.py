"""How people tell an age, a licence, a ward, a plan, a street, a plate, a handle, a code or a key (between « and »), and what only looks like one."""

from __future__ import annotations

PERSONAL: dict[str, str] = {
    "AGE": """
        Mrs. Hale turned «ninety-four» last spring and still gardens.
        At «91» he was the oldest man in the village.
        She will be «one hundred and three» in May.
        A «97-year-old» woman slipped on the ice.
        My great-aunt lived to be «102».
        He lived to «ninety-nine».
        The resident, now «96», needs two helpers.
        She is a «ninety-two year old» retired teacher.
        Pt is a «93 y.o.» M with a cough.
        Pt is «94yo», frail.
        «95F» brought in by ambulance.
        Her grandmother made it to «101».
        He celebrated his «100th» birthday with family.
        She celebrated her «ninety-fifth» birthday here.
        Not bad for someone who is «98».
        Grandpa, «90», fell off a ladder.
        Dad's «91» and still drives.
        She died aged «ninety-seven».
        He passed away at «95».
        He passed at the age of «one hundred and one».
        She lived to the ripe old age of «104».
        A «nonagenarian» was found wandering.
        We have a guest aged «ninety one years» on Sunday.
        Age: «99»
        Age/sex: «92/F»
        Age at admission: «93»
        AGE (YRS) «94»
        He just hit «ninety».
        Our oldest client is «98 years young».
        The deceased was «a hundred and two».
        She is in her «90s» and lives alone.
        She's already past «ninety-two».
        He is «ninety-three years of age».
        The widow (aged «ninety-six») lives upstairs.
        He's going to be «ninety-one» this August.
        Born in another century: she's «105», after all.
        The gentleman in bed four is «97 yrs».
        Turning «95» next month, my father wants to travel.
        She reached «100» in January.
        An «89-yr-old» man and his «90-yr-old» sister.
        She is «seventy-two» and drives to the clinic herself.
        By «fifty-eight» he had had two bypasses.
        Claimant («sixty-one») has not returned to her post.
        He is a «hundred and four» and hears well.
        "How old are you, love?" "«Fifty-six»."
        Since «44» she has worn hearing aids.
        I'm «61» not «16».
        The eldest is «17», the middle one «14».
        Minor («15») came with a guardian.
        From «6» onwards she lived with her gran.
        Now «34», he works nights.
        «47» and never smoked.
        <age unit="a">«39»</age>
        <td>Age</td><td>«79»</td>
        <age unit="years" value="«62»"/>
        {"patientAge":"«53»"}
        («23, F»)
        «71» y/o white male with gout
        Both parents were dead by «66».
        Insured's age last birthday: «27»
        The age of the insured is «58».
        She has just had her «48th».
        «88» now, was «54» then.""",
    "DRIVER_LICENSE": """
        DL: «F255-9218-0094»
        His licence no is «MORGA657054SM9IJ».
        Illinois licence «D400-7836-0001» was confiscated.
        Florida driver license «G544-061-73-925-0» expires in June.
        CA DL «Y4834902»
        NY license ID «123 456 789»
        Class C license «I1234562» issued in Sacramento.
        Her provisional licence is numbered «SMITH 811066 JS9XY».
        The officer wrote down his license, «K530-7781-2204».
        Wisconsin D/L «J525-4209-0465-05» on the rental form.
        Driver's lic # «09871234»
        D.L. No. «C2201448»
        Führerscheinnummer «J310Z10AX31»
        Numéro de permis de conduire : «13AA00002»
        Rijbewijsnummer «5512348807»
        Patente numero «U1A23B456C»
        Permis «880692300445» délivré à Lyon.
        Her Ontario licence: «A1234-56789-01234».
        Nr prawa jazdy: «00123/08/1465»
        Commercial driver's license number «TX-08812345»
        The CDL he handed over was «B1120-4475».
        ID shown at the counter: driving licence, «JONES 801159 PA9RG».
        I lost my driving licence, the number was «FARME 100165 AB5NA».
        Driving license (state of Ohio): «TL123456»
        He produced a New Jersey license: «A1234 56789 01234».
        Motorcycle license «M-620-88-41-77» was renewed.
        License to drive: «S99988801», class D.
        Driver license number ends in «4471».
        Texas DL number «07881234».
        Licencia de conducir «12345678Z»
        körkort «19811228-9874»
        The licence on file, «H12-345-678», has expired.
        Her permit number is «P-4471-220», learner, age unknown.""",
    "LOCATION": """
        He votes in «precinct 14».
        She lives in «Ward 6».
        Their house is in the «12th Ward».
        Officer sent from «Precinct 75».
        She was registered in the «4th precinct».
        Voting district: «0417-B»
        He moved to «School District 49».
        The family lives in «census tract 4021.02».
        Census block group «360610145002» was flagged.
        She is a resident of «Council District 7».
        The «Third Precinct» took her statement.
        Her polling place serves «Precinct 22-A».
        They belong to «St. Mary Parish».
        He farms in «Township 4 North».
        Precinct: «1132»
        Ward: «Bishopsgate»
        Electoral ward «Clifton East»
        He was arrested by the «77th Precinct».
        Congressional district «TX-22»
        She lives somewhere in «Sector 17».
        They are in the «5th arrondissement».
        Electoral division «Ballybay-Clones» covers her house.
        He has lived in «the Ninth Ward» all his life.
        Her precinct is «204».
        My precinct number is «31-07».
        Our voting precinct changed to «B-114».""",
    "HEALTH_PLAN": """
        Member ID: «YHK882019384»
        Group no «0078114» and member no «W22910044».
        Subscriber «XEA 9920 4471» is active.
        Her policy ID with Anthem is «AN-220-4471».
        Plan ID «H1234-001-0»
        Medigap policy «77-120-B4»
        His Kaiser record «110022834» was linked.
        The insurer has her as «ZX-448-120».
        Insurance ID «8812 0044 71»
        Coverage under «GRP-88120» ended.
        Beneficiary no. «1S00-A00-AA00»
        Medicaid recipient «AB12345C»
        The Medicaid ID on her card reads «99812044».
        My TRICARE sponsor number is «881204471».
        Humana gave us «H44718820» as the member number.
        UnitedHealthcare ID «991204471 00» covers the child.
        Dental plan member «D-4471-20».
        Card says «JQU4471W0021», that's the plan number.
        The number on my insurance card is «R62044718».
        Enrollee «E-88-4471» lost coverage.
        Blue Shield subscriber ID «XDP902A11220».
        Health insurance claim number «123-45-6789A».
        Krankenkasse: Versichertennr. «M123456789»
        Carte vitale «1 84 12 76 451 089 46»
        HMO number «44-7120-09» was not accepted.
        PPO ID «PX4471120»
        Payer ID «87726», policy «U8812-0447».
        Prior auth under plan «MCD-448-77».
        Medicare no. «1EG4 TE5 MK72»
        Medicare card number «2123 45670 1» (Australian).
        Health card «9876-543-217-XK» from Ontario.
        European health insurance card «80756001234567890123».
        The beneficiary, plan «QX-771204-02», was called twice.""",
    "ADDRESS": """
        Send it to «Hauptstraße 14, 10827 Berlin».
        She rents at «al. Niepodległości 17 m. 9», Warsaw.
        Nous habitons «12 rue des Lilas, 69003 Lyon».
        He lives at «Calle Mayor 8, 3º B, 28013 Madrid».
        Our flat is «Via Garibaldi 21, 40124 Bologna».
        Deliver to «Keizersgracht 221, 1016 EA Amsterdam».
        Mail to «ul. Piękna 24/26, 00-549 Warszawa».
        «Rua Augusta 110, 1100-053 Lisboa»
        He moved to «Storgatan 5, 111 51 Stockholm».
        «Karl Johans gate 22, 0026 Oslo»
        «Vesterbrogade 44, 1620 København V»
        «Mannerheimintie 12 A 4, 00100 Helsinki»
        «Andrássy út 60, 1062 Budapest»
        «Na Příkopě 14, 110 00 Praha 1»
        «Ilica 10, 10000 Zagreb»
        «İstiklal Caddesi No: 44, Beyoğlu, İstanbul»
        «Bağdat Cad. 310 D:5, Kadıköy»
        «Strada Lipscani 55, București»
        «bul. Vitosha 18, Sofia»
        «Leof. Kifisias 44, 151 25 Marousi»
        «Odos Ermou 12, Athina»
        «Nevsky Prospekt 28, St Petersburg»
        «ul. Tverskaya, d. 7, kv. 12, Moskva»
        «vulytsia Khreshchatyk 22, Kyiv»
        «Brīvības iela 55, Rīga»
        «Gedimino pr. 9, Vilnius»
        «Pärnu mnt 10, Tallinn»
        «Bahnhofstrasse 3, CH-8001 Zürich»
        «Getreidegasse 9, 5020 Salzburg»
        «Jalan Ampang 55, 50450 Kuala Lumpur»
        «Jl. Sudirman No. 12, Jakarta»
        «2-11-3 Meguro, Meguro-ku, Tokyo»
        «Teheran-ro 152, Gangnam-gu, Seoul»
        «221 MG Road, Bengaluru 560001»
        «Plot 14, Sector 22, Gurgaon»
        «Av. Paulista 1578, São Paulo»
        «Avenida Insurgentes Sur 1602, Col. Crédito Constructor»
        «Carrera 7 # 71-21, Bogotá»
        «Jr. de la Unión 300, Lima»
        «Slovenska cesta 34, Ljubljana»
        «Rothschild Blvd 22, Tel Aviv»
        «Sheikh Zayed Road 41, Dubai»
        «Kenyatta Avenue 12, Nairobi»
        «Lange Nieuwstraat 33 bus 2, 2000 Antwerpen»
        «Chaussée de Waterloo 412, 1050 Bruxelles»
        «Vaci utca 11/B»
        «Passeig de Gràcia 43, 4t 2a»
        «Piazza del Duomo 4»
        «Largo do Carmo 12»
        «Unter den Linden 77»
        «Am Alten Markt 3»
        «Zum Wasserturm 8»""",
    "ORGANIZATION": """
        She works for «Hartwell & Finch».
        He is employed by «Norddeutsche Reederei».
        My employer, «Brightwater Dairy», closed the site.
        I've been at «Quillfeather Press» for ten years.
        He drives a forklift at «Oakmoor Timber».
        Employer: «Penrose Ceramics»
        Her job at «Silvermine Logistics» ended in May.
        She's a welder with «Tarn Valley Steel».
        He got fired from «Kestrel Air Freight».
        Occupation: nurse, employer «St. Brannoc's Hospice».
        Place of work: «Millbrook Cannery»
        He clocks in at «Dunmore Quarry» at six.
        I run payroll for «Castellan Foods».
        Since leaving «Aldergate Insurance» he has been ill.
        She was hired by «Zephyrine Labs» last week.
        My boss at «Pelham Rail» knows.
        Company name: «Varga Optics»
        The company I work for is «Larkspur Mills».""",
    "VEHICLE_ID": """
        The plate was «KDR 4471».
        Licence plate «BX-447-RT» on a grey van.
        Plate «8ABC123», California.
        It had the tag «PLK-2290».
        Blue Golf, reg «LK19 VXT».
        Registered as «YC 44 718».
        Her car, a red Fiesta («WR67 HJK»), was clamped.
        A white van, plate number ending «447».
        Partial plate «7GH».
        The getaway car's tags read «442-KLM».
        Please move the car with plates «B-RT 2210».
        Parked: silver Audi «M RX 4471».
        A Toyota, registration «221-D-40817», blocked the gate.
        VIN: «WVWZZZ1JZXW000001»
        Chassis no. «JH4TB2H26CC000000»
        The last six of the VIN are «004352».
        V.I.N. «1FTFW1ET5DFC10312»
        The vehicle identification number stamped on the door is «2C3KA53G76H123456».
        Numéro d'immatriculation «GH-447-KT»
        Kennzeichen: «HH AB 1234»
        Nummerplaat «1-ABC-447»
        Matrícula «4471 KLM»
        Targa «FX 447 TR»
        His motorcycle has tag number «MC4471».
        Vehicle tag «GA RPT 2204».
        My number plate: «OY 22 KLM»
        The truck's license number is «P-88120».
        Trailer plate «TR-4471-B».
        They towed a Honda, tags «XRD881».
        The VRM is «AK21 OPL».
        Boat registration «FL 4471 KM».
        Insured vehicle «5YJ3E1EA7KF317000».""",
    "USERNAME": """
        user=«mtaylor» logged in from the office
        login by «kjensen84» failed
        logged in as «r.okafor»
        Logged in user: «svc_marta»
        user «hpetrov» logged out
        session opened for user «dgreene»
        Failed password for «lwong» from host
        Accepted publickey for «tmiller» from gateway
        My handle is «sunnyfox_77».
        You can find me as «night.owl.22» on Discord.
        DM me @«pixel_rae»
        my insta is «lena.draws»
        posted by «grumpycat42» two days ago
        /home/«jdoe»/projects
        C:\\Users\\«mary.k»\\Desktop
        his nick is «zed_runner»
        her Reddit username is «plantmom_91».
        The account «tbrooks» was locked.
        Account name «hschmidt2» is disabled.
        <«coolguy99»> anyone here?
        «kraken_88»: hi all, my order is late
        author=«pvelez»
        owner: «nkhan»
        assigned to «j.alvarez»
        from=«omar_88» to=support
        actor="«bwhite»" action=delete
        username "«ella.r»" not found
        Reset the password of user «qhart».
        User ID «rmendez01» has no rights.
        uid=«akowalski»,ou=people
        sAMAccountName: «tnovak»
        CORP\\«jfisher» signed in
        DOMAIN\\«p.mueller» denied
        u/«throwaway_kate»
        github.com/«devon-k»
        su: «rlopez» switched to root
        created_by: «emma_w»
        last_modified_by=«hyun.kim»
        Login name: «gpatel»
        my gamertag is «SniperWolf77»
        my psn is «rocket_man_3»
        He goes by «dj_ferret» on Twitch.
        she signs in with «agnes.m»
        I'm «bluebird1990» on Telegram
        her Skype is «live.karla77»
        Ticket opened by «sgarcia»
        user_id="«cwalsh»"
        --user «fgruber»
        ssh «dkim»@buildhost
        Order cancelled («gramsbottom_de», noon): duplicate of the first.
        reset it pls -- «gramsbottom_ag» got a new phone
        Sign in as «sueda» with the temporary password.""",
    "CARD_SECURITY": """
        CVV «447»
        the cvc is «8812»
        CVV2: «902»
        and the three digits on the back are «118».
        The security code is «339».
        security code on the back, «220»
        The last three digits on the back: «771»
        code on the signature strip is «640»
        it's «514» on the back
        my cvv's «332»
        CVV code - «905»
        cvv number «411»
        cvv = «228»
        cvv/cvc «119»
        CSC «7741» (Amex)
        four digits on the front «4471»
        Verification code on card: «505»
        The 3 digit number is «118»
        expiry 04/27, code «882»
        exp «04/27» cvv «882»
        valid thru «11/29»
        expires «09/2028»
        expires «March 2028»
        Card expires «0927».
        CVV? It's «663».
        and the CVV, that's «663»
        the code is «663», it's behind the card
        three-digit code, «808»
        And the security number? «207».
        Card PIN «4471»
        my card's pin is «2290»
        the PIN for my debit card is «8810»
        cvn: «345»
        The CVV I gave was «912», not «921».
        4111 1111 1111 1111, «09/27», «123»""",
    "POSTCODE": """
        My postcode is «SW1A 2AA».
        zip «90210»
        ZIP: «02139-4307»
        Zip code «60614»
        She lives in «10115» Berlin.
        It went to Chicago «60611».
        The parcel is stuck in Leeds «LS1 4AP».
        Eircode «D02 X285»
        PLZ «80331»
        code postal «75011»
        código postal «28004»
        CAP «20121»
        CEP «01310-100»
        PIN code «560001», Bengaluru
        postal code «K1A 0B1»
        postcode: «1016 EA»
        postcode «2000» Sydney
        Delivered to «2611 AB» Delft.
        Postnummer «11151»
        kod pocztowy «00-549»
        PSČ «110 00»
        Her zip is still «73301».
        ZIP codes «73301» and «73344» are hers.
        I'm in the «90210» area.
        we're in «SW19»
        zip changed from «30301» to «30318»
        Denver, CO «80203»
        Austin TX «78701»
        Boston, Massachusetts «02116»
        He is in «M5V 3L9» Toronto.
        What's the weather in «EC1A 1BB»?
        Delivery area: «94110»
        shipping to «94110» please
        Area code? No, zip: «10027».
        Mailing zip is «85004», billing zip «85018».
        Postleitzahl «50667»
        Our pincode is «400001».
        Post code of the property: «M1 1AE»
        The zip on the card is «48226».
        We sent the kits to «44107» last week and half came back.
        All «44107» members get a new card.
        Our «44107» patients mostly take the number 9 bus.
        Neighbors in «44107» complained of the smell first.
        Rates for «44107» have gone up again.
        «44107» is a food desert.
        Only «44107» and «44109» are in the pilot.
        It should say «44107», not «44109».
        Changed from «44107» to «44109».
        What number do I call for mail to «44107»?
        Minneapolis has one, but delivery is to «55401» only.
        ZCTA «44107» has the highest index.""",
    "SECRET": """
        My password is «Sunflower!22».
        the password's «trombone42»
        pw: «hunter2hunter»
        Use «Kx9#pL2m» to log in.
        The wifi password is «bluewhale88».
        It's capital «T-r0ub4dor», that's my password.
        My pin is «4471».
        the door code is «8812»
        Gate code «2290#»
        Alarm code: «7741»
        passcode «331204»
        One-time code «882 104»
        the code they texted me is «448812»
        I set it to «Garden2024!» as the password.
        password changed to «Frosty-Lake9»
        her old password was «p4nc4kes»
        API key «ak_live_9fK2mQ7xLp03Zt8Wq1Rs»
        api_key=«f3b1c2d4e5a697887766554433221100»
        token: «9d8f7a6b5c4e3d2f1a0b9c8d7e6f5a4b»
        secret «zH8kQ2mX7vP4nT9w»
        SSH passphrase: «correct horse battery staple»
        My mother's maiden name is «Pemberton».
        login: jsmith / «Winter#2023»
        username ann, password «Rosebud7»
        The safe combination is «12-34-56».
        combination «24-8-36»
        The keypad code is «5512».
        My password was always «Fluffy123».
        pass: «tiger!Lily9»
        password = "«hello world 99»"
        Your temporary password: «Xy7$kPq2»
        passwd «s3cr3tS4uce»
        The answer to my security question is «Rex».
        I changed my PIN from «1180» to «7742».""",
}

HARMLESS = """
    The team scored 91 points in the second half.
    He was 20 minutes late and she is 40 miles away.
    By 2019 he had moved twice.
    She is 14 weeks along and I am seventy percent sure.
    It took thirty days, then forty-eight hours more.
    The kids 2 for 1 offer ends soon.
    The route is 92 miles long.
    He lives to fish.
    maxAge: 31
    <page>31</page>
    The age of the car is 12.
    They had their 12th meeting.
    She turned 180 degrees.
    The bus number 97 stops here.
    Chapter 95 explains the rule.
    The bridge is 103 years old.
    Employees over 90 days may apply.
    Your license agreement covers two seats.
    The software license costs 1200 a year.
    A driving licence is needed to rent a car.
    The plan covers three visits.
    Choose a plan: basic, plus or pro.
    The group has 24 members.
    Insurance companies raised rates.
    The ward sister will call back.
    Take the number 12 tram to the market.
    The second district court closed early.
    The precinct was quiet.
    He walked down the street for 10 minutes.
    There were 14 rue flowers in the vase.
    She works for free.
    He works for a living.
    I work at home.
    She works for peanuts.
    Working at height needs training.
    The company name is required.
    Please enter your employer.
    The plate was hot.
    A plate of 12 oysters.
    Registration opens at 9.
    Registration closes in 2025.
    The car was red and fast.
    Tags: python, sql, linux
    The user was logged out.
    user is not defined
    user not found
    login failed
    login required
    logged in as guest
    The owner: nobody knows.
    assigned to nobody
    created by default
    created by accident
    posted by mistake
    login by email
    reported by customers
    The handle is broken.
    The handle is made of brass.
    My handle is loose.
    The account was locked.
    user accounts are locked after three tries
    for user experience reasons
    The security code is on the back.
    Enter the security code.
    The code is 404.
    Error code 500 came back.
    Use code SAVE20 at checkout.
    The promo code is WELCOME10.
    The code was written in 2019.
    exit code 137
    It's 514 pages on the back shelf.
    There are three digits on the back.
    It expires in 30 days.
    The offer expires soon.
    The subscription expires 30 minutes after use.
    The zip file is 40213 bytes.
    Unzip it and port 50051 opens.
    Order 3 zip ties.
    The area is 400 square metres.
    The caps are 20 mm.
    We shipped 10115 units in May.
    Of 18453 images, 912 were blurred.
    The queue holds 31277 messages and drains slowly.
    Windows 22631 introduced the bug.
    The proxy forwards 8080 to 27017 over TLS.
    The loop runs to 16384 and starts again.
    Closes 48213.
    The password must have 8 characters.
    Reset your password.
    The password is wrong.
    The password is case-sensitive.
    My password is not working.
    The token expires after 3600 seconds.
    The secret to good bread is time.
    A combination of 12 drugs was tried.
    The combination of both is best.
    The key is under the mat.
    A pin fell on the floor.
    Pin the tab to the bar.
    The safe weighs 120 kg.
    He passed at noon.
    She reached 100 words a minute.
    He passed 95 cars.
    Use the door on the left.
    The street was closed at 12.
    Precincts report at 8 pm.
    The wards have 24 beds each.
    She works with wood.
    Sector 7 of the disk is bad.
    District managers met in May.
    Section 8 applies.
    Tract the muscle gently.
    The parish hall was full.
    The third ward round starts at ten.
    Member benefits start at 10 percent.
    Policy changes apply in 2025.
    The group plan has 250 seats.
    Coverage is 80 percent.
    The permit costs 45 dollars.
    License plates cost 30 dollars.
    """

# A stand-in for the list of a language's frequent words: those of the sentences here that could be a login or a name.
WORDS = frozenset("".join(HARMLESS).lower().replace(".", " ").replace(",", " ").split())
