"""Sentences with a number that is personal (between « and »), and sentences with numbers that are not."""

from __future__ import annotations

PERSONAL: dict[str, str] = {
    "MEDICAL_RECORD": """
        Her MRN is «4481-22» per the chart.
        MRN: «00448122»
        Please pull chart no. «448122» before noon.
        The record number ends in «4412».
        «4481220» is her MRN.
        We filed it under medical record number «MR-448-122».
        Patient ID «P-20931» was discharged.
        The hospital number printed on the wristband is «H448122».
        Your NHS number is «943 476 5919».
        Rx number «7712045» is ready.
        Prescription «RX-99120» was refilled.
        Specimen no. «S-20-4471» is lost.
        Encounter number «88120045» has no bill.
        Study subject «0142-07» withdrew, subject ID «S-0142».
        Patientennummer «4481220» bitte notieren.
        The clinic pulled up her file under «88-41-203».
        Her record with us is kept as «HX-20-4471».
        The nurse typed «00448812» into the MRN field.
        The wristband said «4488120».
        The participant was assigned code «ST-114-08».
        Use «448-12-20A» as the chart number.
        Accession «A20-11873» shows the biopsy.""",
    "HEALTH_PLAN": """
        His Medicare ID is «1EG4-TE5-MK73».
        The policyholder number is «XQP884120011».
        Member ID «W1234 56789» on the insurance card.
        Her health plan beneficiary number «H-99-120-334» lapsed.
        Medicaid number «99812A44» was rejected.
        Her Blue Cross ID is «ZGP801234567».
        Group number «77120», please.
        Insurance policy number «POL-88120-B» covers it.
        Versichertennummer «A123456780» der Patientin.""",
    "LICENSE_ID": """
        Dr. Lee's NPI is «1234567893».
        DEA registration «AB1234563» expires soon.
        Her medical license number «MD-448812» is active.
        License no. «A88123» was suspended.
        Certificate number «C-20-44712» was issued to him.
        She practises under licence «GMC 7012345».
        RN license «RN448122» is valid in Ohio.""",
    "PASSPORT": """
        My passport number is «532117744».
        Passport: «C01X00T47»
        The passport he showed at the desk was «AB1234567».
        «X1234567» is her passport.
        Reisepass «C01X00T47» wurde vorgelegt.
        Visa number «20231234567» was granted.""",
    "DRIVER_LICENSE": """
        Driver's license «D1234567» from California.
        His Texas DL «12345678» was suspended.
        Driver's licence: «JONES 710238 J99XX».
        Her driving licence number is «MORGA657054SM9IJ».
        DL# «S530-4601-2345» on file.
        The driver license reads «123-456-789».
        Führerschein-Nr. «B072RRE2I55» liegt vor.""",
    "US_SSN": """
        My SSN is «078-05-1121».
        Social security number «219 09 9998».
        The last four of my social are «1120».
        SSN ending in «6789».
        «457-55-5462» is on the W-2.
        SSN: «457555462»""",
    "TAX_ID": """
        His ITIN is «912-70-1234».
        The firm's EIN is «12-3456789».
        Steuer-ID «86 095 742 719» bitte.
        PAN «ABCPE1234F» was linked.
        Codice fiscale «RSSMRA85T10A562S».
        My tax file number is «123 456 782».
        NIP «526-10-40-828» na fakturze.""",
    "NATIONAL_ID": """
        NI number «AB 12 34 56 C» please.
        Her NINO: «QQ123456C»
        El DNI es «12345678Z» y basta.
        NIE «X1234567L» caduca.
        Mijn BSN is «123456782».
        PESEL «44051401359» w systemie.
        Numéro de sécurité sociale «2 55 08 14 168 025 38».
        AHV «756.9217.0769.85» liegt bei.
        CPF «529.982.247-25» do titular.
        Her Aadhaar is «2341 2341 2346».
        My SIN is «046 454 286».
        PPS number «1234567T».
        NRIC «S1234567D».
        Personnummer «811228-9874».
        HETU «131052-308T».
        Fødselsnummer «15108695088».
        CURP «HEGG560427MVZRRL04».
        RUT «12.345.678-5» de Chile.
        ID card number «L01X00T471» was copied.
        National ID «880123-1234568» is on file.
        South African ID «8001015009087».
        T.C. kimlik «10000000146».
        Rodné číslo «710319/2745».
        Rijksregisternummer «85.07.30-033.28».
        The green card number is «A201-448-120».""",
    "VEHICLE_ID": """
        The plate reads «7ABC123».
        A red Honda, license plate «ABC-1234», left the scene.
        Its registration is «AB12 CDE».
        He drives a car with tags «KLM 4471».
        VIN «1HGCM82633A004352» was recalled.
        Vehicle ID «1M8GDM9AXKP042788».
        Kennzeichen «M-AB 1234» parkt falsch.
        «BD51 SMR» is parked outside.
        number plate is «xyz 789».
        Immatriculation «AB-123-CD» à Lyon.
        plate no. «8XKL221»""",
    "DEVICE_ID": """
        IMEI «490154203237518» was blocked.
        The phone's IMEI is «35-209900-176148-1».
        Pacemaker serial number «PM-448812-X».
        Serial «SN-4471-8812» is under warranty.
        The insulin pump, S/N «4471-88A2», failed.
        Device ID «A1B2-C3D4» was seen.
        Advertising ID «38400000-8cf0-11bd-b23e-10b96e40000d».
        Tracking cookie «ga.1.2.1234567.89».
        Asset tag «LT-00912» belongs to her.""",
    "MAC_ADDRESS": """
        MAC «00:1A:2B:3C:4D:5E» joined.
        Her laptop has «00-1a-2b-3c-4d-5e».
        Hardware address «001a.2b3c.4d5e».""",
    "BIOMETRIC_ID": """
        Fingerprint template «FP-99812» was enrolled.
        Her face ID is «FACE-4471-A».
        Iris scan «IR-20931» matched.
        The voiceprint on file is «VP-2231-88».
        Photo: «IMG_1234.jpg» shows her.
        See «DSC04471.JPG» for the wound.
        Her portrait is «maria_k_headshot.png».
        The photo of the patient is «scan0042.jpeg».
        DNA profile «DNA-88120» is stored.""",
    "CREDIT_CARD": """
        My card is «4111 1111 1111 1111».
        Charged to «5500-0000-0000-0004» today.
        Amex «378282246310005» was declined.
        card ending in «4242»
        «6011111111111117» expired.
        Debit card number «4000 1234 5678 9017» please.
        Visa xxxx-xxxx-xxxx-«1881».""",
    "CARD_SECURITY": """
        The CVV is «123».
        Security code «4471» on the front.
        Expires «04/27» and the CVC: «881».
        The three digits on the back are «229».
        card PIN «4471»""",
    "IBAN_CODE": """
        IBAN «DE89 3704 0044 0532 0130 00».
        Pay to «GB29NWBK60161331926819».
        «FR14 2004 1010 0505 0001 3M02 606» is mine.""",
    "BANK_ACCOUNT": """
        Account number «0012345678» at the credit union.
        acct # «4481-22»
        Routing number «021000021», account «99120045».
        Sort code «20-00-00» account «31926819».
        My checking account ends in «4471».
        BIC «DEUTDEFF500» please.
        Kontonummer «532013000» bei der Bank.
        Loan number «88120045-7».""",
    "CRYPTO": """
        Send it to «1BoatSLRHtKNngkdXEeobR76b53LETtpyT».
        Wallet «0x52908400098527886E0F7030069857D2E4169EE7».
        bc: «bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq»""",
    "CUSTOMER_ID": """
        My customer number is «77-X912».
        customer id: «4481220»
        Membership «88-120-45» lapsed.
        Client no. «C-4471».
        Student ID «20231187».
        Frequent flyer number «LH 992 003 118».
        «CUST-00912» called twice.
        User ID «u88120».
        Kundennummer «4481220» bitte.
        Library card «21188004471».""",
    "EMPLOYEE_ID": """
        Employee ID «E-20931».
        Her badge is «44718».
        staff no. «00912»
        Badge number «B-4471» opened the door.
        Payroll number «88120».
        Employee «20931» resigned.
        «EMP-0042» clocked in.
        Personnel file «4471-88».""",
    "ORDER_ID": """
        my order #«A-1009»
        Order «114-3941689-8772232» never came.
        Tracking number «1Z999AA10123456784».
        Invoice «INV-2023-0042» is unpaid.
        Booking reference «XK7P2Q» for two.
        Confirmation code is «QW98ZX».
        «4481220» is the order number.
        Transaction «TXN-88120-A» failed.""",
    "CASE_ID": """
        Case no. «2:19-cv-04471».
        Claim «CLM-99812» was denied.
        The claim, filed as «2023-CLM-00912», was rejected.
        Ticket «TKT-4471» is open.
        Docket «22-1187» was sealed.
        Police report «23-004471».
        Aktenzeichen «12345/23» liegt vor.""",
    "REFERENCE_ID": """
        Reference «REF-88120».
        The policy number is «PN-4471-22».
        Your session «123e4567-e89b-12d3-a456-426614174000» ended.
        Quote unique identifier «UID-2231-X».
        It is «8812004471203».
        Contract no. «2023/4471».""",
    "DATE_TIME": """
        Admitted «03/04/2021» with pain.
        Discharged on «March 4, 2021».
        Seen «the 4th of March».
        She died «4 March 2021».
        logged «2024-03-01T10:30:00Z»
        on «2021-03-04 10:30:12» exactly
        We met on «Tuesday, 4 March 2021 at 10:30 pm».
        valid from «04.03.2021» on
        on «the fourth of March, nineteen eighty-five»
        surgery on «5/19» went well
        since «March 2021»
        between «3-7 March 2021»
        «Mar 4th, 2021»
        le «4 mars 2021»
        el «4 de marzo de 2021»
        am «4. März 2021»
        «04-MAR-2021»
        stamped «20210304T103000Z»""",
    "DATE_OF_BIRTH": """
        born on «5/19/1937»
        DOB: «1985-03-04»
        Date of birth «4 March 1985».
        Her birthday is «March 4».
        geboren am «04.03.1985»
        DOB «03041985»
        born in «1985»
        d.o.b. «4th of March 1985»
        née le «04/03/1985»
        born in «March 1985»""",
    "AGE": """
        She is «34 years old».
        a «92-year-old» woman
        He is «34 yo» male.
        patient aged «34»
        Age: «57»
        She is turning «35» soon.
        my «5 year old» has a fever
        «thirty-four years old»
        A «ninety-two-year-old» widow
        Pt («34F») with cough
        a «34M» presenting with chest pain
        I'm «41» and live alone.
        my daughter («8») is ill
        she is in her «nineties»
        Er ist «34 Jahre alt».
        une femme âgée de «34 ans»
        the baby is «6 months old»
        on her «90th» birthday
        He was «101» when he fell.""",
    "COORDINATES": """
        found at «51.5074, -0.1278» today
        «40.7128° N, 74.0060° W»
        at «51°30'26"N 0°7'39"W»
        lat «51.5», lon «-0.12»
        GPS coordinates «48.85, 2.35»
        meet at ///«filled.count.soap» please
        plus code «9C3XGV4C+XV»
        N «37° 46.494» W «122° 25.164»
        what3words address «index.home.raft»""",
}  # fmt: skip

HARMLESS = """
Upgrade to version 2.13.0 today.
Windows 10.0.19045 needs an update.
It costs $1,299.00 with tax.
The ticket was 45 EUR.
We sold 12,500 units in May.
The server listens on port 8080.
It returned HTTP 404 again.
Error 0x80070057 appeared.
ORA-00942 means the table is missing.
I bought an RTX 4090 graphics card.
Use the XR-2204B bracket.
Commit 3f2a9c1d8e7b6a5f4c3d2e1f0a9b8c7d6e5f4a3b broke it.
We follow ISO 27001 and RFC 7231.
See page 112, section 4.3.2.
Mix them in a ratio of 3:1.
The company was founded in 1998.
In 2024 sales rose by 12.5%.
The run took 10:30 minutes.
ISBN 978-3-16-148410-0 is out of print.
Add 2,4-dichlorophenol slowly.
Chapter 12 explains it.
The file is 1048576 bytes.
The pointer is 0x7ffee4c0.
It has 16 GB of memory.
Room 204 is free.
Flight times are 3 h 20 min.
The box weighs 1200 kg.
About 25000000 people live there.
The population is 8336817.
Set timeout to 30000 ms.
The table has 12345678 rows.
Part number 4471-22-B is back in stock.
Model 98112004 was discontinued.
SKU 88120045 is sold out.
Build 20231104 passed.
It is 37.5 degrees today.
Take 500mg of ibuprofen twice a day.
Prescription strength 800 mg tablets are strong.
We need 12 chairs and 4 tables.
The score was 3-2 after 120 minutes.
Call back in 15 minutes.
Bus 42 stops here.
He ran 10 km in 42 minutes.
The discount is 15 percent.
Over 9000 users signed up in 2023.
Interest is 4.25% a year.
My account has 3 users.
The account balance is $2,500.
Your order of 3 items ships soon.
I placed an order for 12 lamps.
Our plan has 500 minutes.
The case weighs 12 kg.
In the case of 3 failures, stop.
Our policy changed in 2019.
The license is GPL-3.0.
Released under Apache 2.0.
The certificate uses RSA 2048.
AES-256 encrypts it.
SHA-256 hashes are long.
Python 3.11.4 is required.
torch==2.4.1 works.
Use a 1920x1080 screen.
The H.264 codec is fine.
Windows 11 23H2 is out.
It needs USB 3.0 and HDMI 2.1.
The 2.4 GHz band is crowded.
My laptop has 512 GB.
The phone has a 5000 mAh battery.
Boeing 737 and Airbus A320 fly there.
The B-52 flew over.
Highway 101 is closed.
Apollo 11 landed in 1969.
World War 2 ended in 1945.
Open 24/7.
Half of 1/2 is 1/4.
The odds are 50/50.
He finished 2nd of 140.
The 21st century began.
It was the 1990s.
Between 1990 and 1995 it grew.
Article 17 of the GDPR applies.
Section 230 was debated.
Form 1040 is due.
Use a 401(k) plan.
The W-2 came late.
A 30-year mortgage is common.
A 3-year-old laptop is slow.
This 10-year-old bug is back.
The 12-year-old whisky is smooth.
You must be at least 18 years old.
Children under 12 years old ride free.
The warranty lasts 5 years.
It takes 2 weeks.
Next Tuesday at 10:30 works.
See you at 5 pm.
Yesterday was fine.
The meeting is on Monday.
You may 3 times retry.
We march 4 miles.
translate(12.3456, 67.8912) moves it.
weights = [0.12345, 0.67891, 0.23456]
p = 0.0123, r = 0.4567
The mean is 12.3456 with error 0.0012.
pi is 3.14159265358979.
Add 1.5 cups of flour and 3/4 cup of sugar.
Bake at 350 F for 40 minutes.
10000000000 is a big number.
Integer overflow at 2147483647.
The prime 1000000007 is common.
Unix time 1700000000 is in 2023.
timestamp=1700000000123
pid 12345 was killed.
exit code 137 means out of memory.
Line 4471 raises an error.
Issue #12345 is closed.
Pull request 4471 was merged.
JIRA has 4 boards.
CVE-2021-44228 is critical.
KB5021233 fixes it.
The latency is 120 ms at p99.
Throughput is 35000 requests per second.
The GPU has 16384 cores.
Batch size 1024, learning rate 3e-4.
Epoch 12/100, loss 0.0312.
Seed 20231104 was used.
The model has 7000000000 parameters.
Layer 12 has 4096 units.
Precision 0.93, recall 0.88.
IPv6 uses 128 bits.
localhost:3000 is up.
The regex is [0-9]{8}.
const x = 12345678;
x = 0xDEADBEEF
#FF5733 is orange.
rgb(12, 34, 56) is dark.
Use channel 11.
Gate 22 is boarding.
Lot 4471 was recalled.
The catalogue number is 4471-22.
Revenue was 1250000000 dollars.
He earns 85000 a year.
The house sold for 450,000 pounds.
Rent is 1.250 euros.
Price: 12.500.000
It has 1200 pages.
The exam has 40 questions.
Answer 3 of 5 questions.
Team 7 won 21-14.
Grade 8 students read.
The patient had 3 visits.
The patient took 12 tablets.
Each member gets 20 points.
The card costs 4500 yen.
The plate weighs 1200 grams.
A 12 inch plate is large.
The passport office opened 12450 new files.
The driver update 531.79 is out.
The device driver 10.4.2 fails.
The serial port runs at 115200 baud.
The client sent 4096 packets.
The server has 64 cores.
The customer bought 3000 units.
The student scored 1480 points.
Employees: 4500 worldwide.
The visit lasted 45 minutes.
The study had 12000 participants.
Our group has 250 members.
The bank opened in 1998.
Medicare paid 12000 claims.
The insurance costs 1200 dollars.
The ticket costs 120 dollars.
Claim up to 5000 euros.
The order total was 129.99.
The contract is worth 45000 euros.
Reference temperature is 25.0 C.
See reference 12 for details.
NGC 4414 is a galaxy.
The asteroid 99942 Apophis passed.
C6H12O6 is glucose.
Vitamin B12 helps.
The HbA1c was 7.2.
BP 120/80, pulse 72.
ICD-10 has many codes.
Diagnosis E11.9 was coded.
Blood glucose 126 mg/dL.
The WBC count was 11.2.
COVID-19 changed it.
The Mi-24 is a helicopter.
Take the A38 to Leeds.
The 4x100 m relay is next.
Use 2x4 lumber.
Size 10.5 shoes fit.
The screw is M6x20.
Volume 12, issue 3, pages 45-67.
doi:10.1000/182 is short.
arXiv:2306.08543 was read.
The S&P 500 fell.
Nikkei closed at 38,915.87.
UTF-8 and ASCII-7.
ISO 8601 dates are clear.
EN 71-3 applies to toys.
DIN A4 paper is fine.
Opus 27 No. 2 is lovely.
Psalm 119 is long.
Route 66 is famous.
The F-150 sells well.
The iPhone 15 is new.
PlayStation 5 and Xbox 360.
Level 99 is hard.
My 2 cats ate 3 fish.
She has 4 kids.
100000000 is one hundred million.
The report covers 2019-2023 results.
Report 12345 lines of output.
Call 911 in an emergency.
Log level 3 is verbose.
The log shows 45000 entries.
File sizes reached 102400 KB.
The hearing lasted 3 days in 2022.
Unit tests: 4471 passed, 12 failed.
Units sold: 120000.
The lead time is 12-14 weeks.
The lead contains 0.12% antimony.
Our watch list has 250 names.
Monitor 27 inch at 144 Hz.
The printer prints 4500 pages.
Router firmware 3.0.0.4.386.
Modem speed 56000 bps.
The generator makes 5500 watts.
A valve rated 1500 psi.
The meter reads 4471 kWh.
Camera lens 24-70mm f/2.8.
Drone range is 10000 m.
Group 4 meets at 10:30 in room 12.
The member states agreed in 2019.
27 member countries signed.
Plan 9 from Outer Space (1959).
Insurance premiums rose 12.5% to $1,204.
Visit 3 museums in 2 days.
Visits rose from 12000 to 15000.
Sample size was 1200.
Samples 1 to 48 were analysed.
The trial enrolled 30000 volunteers in 2020.
Subject to clause 14.2.1.
The policy rate is 5.25-5.50%.
Security update 2023-10 is out.
Access 2016 was retired.
Business class costs 4500 euros.
Company revenue hit 12345678 dollars.
Bank holidays in 2024: 8.
Pension age rises to 67.
The isa returned 4.5% in 2023.
Payment of 45000 was made.
Return within 30 days.
Delivery in 3-5 business days.
Package weight 2500 g.
Order 2 large pizzas.
Subscription is 9.99 a month.
Card games for 2-4 players.
Visa and Mastercard are accepted since 1998.
Discover 10000 places.
The car does 0-100 in 3.2 s.
Vehicle sales reached 1200000.
A tag cloud with 1500 words.
Honda Civic 1998 and Toyota 4Runner.
Reg. 2016/679 is the GDPR.
The plate tectonics chapter, 45 pages.
Target opened 1900 stores.
ID3 tags and MP3 files.
Chapter ID is fixed in 1.2.
The number is 42.
The number is about 12000.
The code is 200 OK.
Ref. [12] and [14-16].
See ref 45 in the paper.
Certificate valid for 365 days.
License plate readers cost 12000 dollars.
Use key size 4096 bits.
Locker rooms: 12.
Rx dose 20 mg twice.
Script runs 4471 times.
The chart shows 12000 users.
Social media grew to 4800000000 users.
Identity theft cost 43 billion in 2022.
Passport control waits 45 minutes.
Medicare Part D starts in 2006.
NHS England spent 180 billion.
Serial killers of the 1970s.
Asset value is 1200000.
Cookie banners, 3 clicks each.
DNA has 3200000000 base pairs.
Iris dataset: 150 rows, 4 columns.
Face 3 of the die.
SIM cards cost 10 euros.
EIN 12 was a typo.
Swift 5.9 is out.
Swift CODABLE1 type.
BIC lighters cost 2.
Pin 13 drives the LED.
PIN 8 of the chip.
Wallet size 85x54 mm.
Tron 2.0 is a game.
ETH rose 12%.
Address 0x1F4 holds data.
Loan rates of 7.125%.
Mortgage rates hit 7.79% in 2023.
Wire gauge 14 AWG.
Account for 30% of sales.
Conta 3 vezes.
Room 1204 at 10 am.
Nurse ratio 1:4.
Driver 535.129.03 crashes.
Agent 007 is back.
Officer training takes 26 weeks.
Crew of 12 on Apollo 17.
The operator handles 12000 calls.
Batch 20231104 is fine.
The 3rd of 5 parts.
Version 2023.10.1 is out.
The GPU needs driver 531.41 or later.
He is 6 feet tall.
She is 5 minutes late.
The bridge is 120 years old.
Over 65 years of data.
At age-related risk 12%.
The average age is 38.5 years.
I'm 100 percent sure.
I am 2 hours away.
They are 12, not 13, items.
The address is 0x7fff5fbff8c0.
md5 d41d8cd98f00b204e9800998ecf8427e
"""
