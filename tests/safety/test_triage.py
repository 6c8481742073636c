"""Triage: what is flagged, how urgent it is, and what only looks like a red flag."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleepcot_utils.errors import InputError
from sleepcot_utils.report.reports import Report
from sleepcot_utils.safety.flags import URGENCIES, lexicon
from sleepcot_utils.safety.triage import Triage, triage, triage_all, triage_report
from sleepcot_utils.tasks.drivers import red_flags

FLAGGED = [
    (
        "My girlfriend filmed me and there are like 20 sec where nothing moves and then I snort awake",
        "witnessed_apnea",
        "soon",
    ),
    ("he stops breathng for ages then gasps, should i wake him?", "witnessed_apnea", "soon"),
    ("I wake up gasping for air", "witnessed_apnea", "soon"),
    ("roommate says I sound like I'm choking all night", "witnessed_apnea", "soon"),
    ("partner has to nudge me to start breathing again", "witnessed_apnea", "soon"),
    ("ring says o2 dropped to 79", "low_oxygen", "soon"),
    ("my sats are in the low 80s most nights", "low_oxygen", "soon"),
    ("blood oxygen 85 percent is that bad", "low_oxygen", "soon"),
    ("lowest SpO2: 81 %, average 94", "low_oxygen", "soon"),
    ("caught myself drifting out of my lane on the way home", "drowsy_driving", "soon"),
    ("i hit the rumble strips twice this week because my eyes shut", "drowsy_driving", "soon"),
    ("I drive a truck and almost fell asleep at the wheel", "drowsy_driving", "soon"),
    ("Fell asleep at a red light", "drowsy_driving", "soon"),
    ("im on the highway and can barely keep my eyes open", "drowsy_driving", "now"),
    ("there's a pressure in my chest and my left arm hurts", "chest_pain", "now"),
    ("chest feels tight since an hour ago", "chest_pain", "now"),
    ("woke up with crushing pain in my chest", "chest_pain", "now"),
    ("had some chest pains last week, gone now", "chest_pain", "soon"),
    ("i dont see the point in living anymore", "suicidal_thoughts", "now"),
    ("I keep thinking everyone would be better off without me", "suicidal_thoughts", "now"),
    ("wish i could go to sleep and not wake up", "suicidal_thoughts", "now"),
    ("sometimes i think about killing myself at 3am", "suicidal_thoughts", "now"),
    ("I want to end it", "suicidal_thoughts", "now"),
    ("my sister says she wants to kill herself", "suicidal_thoughts", "now"),
    ("my son is 7 and sleepwalks... is that normal?", "child", "soon"),
    ("our 8 month old naps 3x a day", "child", "soon"),
    ("i'm 16 and go to bed at 2", "child", "soon"),
    ("im a 9th grader, i get 6 hrs", "child", "soon"),
    ("How much deep sleep should a 6 year old get?", "child", "soon"),
    ("can i give my toddler melatonin", "child", "soon"),
    ("second trimester and I wake up 5 times", "pregnancy", "soon"),
    ("I'm expecting in March, back hurts at night", "pregnancy", "soon"),
    ("6 months pregnant, is it ok to sleep on my back", "pregnancy", "soon"),
    ("havent slept in 3 days and I feel amazing, so many ideas", "mania", "soon"),
    ("I'm bipolar 2, can I do sleep restriction?", "mania", "soon"),
    ("I only need 2-3 hours and I'm full of energy", "mania", "soon"),
    ("I kicked my wife so hard in my sleep she has a bruise", "injury_in_sleep", "soon"),
    ("woke up in the street in my pajamas", "injury_in_sleep", "soon"),
    ("fell out of bed acting out a dream and broke my finger", "injury_in_sleep", "soon"),
    ("I sleepwalk and last night turned on the stove", "injury_in_sleep", "soon"),
    ("when i laugh hard my knees give out", "sudden_weakness", "soon"),
    ("my jaw goes slack when someone tells a joke", "sudden_weakness", "soon"),
    ("right side of my face is drooping since this morning", "sudden_weakness", "now"),
    ("cant move my left arm and words come out wrong", "sudden_weakness", "now"),
    ("husband had a fit in his sleep, bit his tongue", "seizure", "soon"),
    ("I have epilepsy, can I nap?", "seizure", "soon"),
    ("my wife is having a seizure right now", "seizure", "now"),
    ("i cant get enough air, sitting on the edge of the bed", "severe_breathlessness", "now"),
    ("struggling to breathe", "severe_breathlessness", "now"),
    ("need half a bottle of wine every night to sleep", "dependence", "soon"),
    ("i get the shakes if I don't drink", "dependence", "soon"),
    ("been on zopiclone for 3 years and cant stop", "dependence", "soon"),
    ("stopped my xanax cold turkey and now I don't sleep", "dependence", "soon"),
    ("took 15 melatonin pills", "overdose", "now"),
    ("swallowed a handful of my sleeping pills", "overdose", "now"),
    ("I took my zolpidem twice and drank vodka, feel weird", "overdose", "now"),
    ("my friend took too many xanax and won't wake up", "overdose", "now"),
    ("My wife recorded me, there's a long silence and then a loud snort, over and over", "witnessed_apnea", "soon"),
    ("apparently i just stop breathing sometimes at night?? my gf is scared", "witnessed_apnea", "soon"),
    ("Sometimes I jolt awake because I'm not breathing", "witnessed_apnea", "soon"),
    ("wake up choking, heart pounding", "witnessed_apnea", "soon"),
    ("my dad (68) stops breathing for 20 seconds when he naps", "witnessed_apnea", "soon"),
    ("boyfriend counts the seconds between my breaths when I sleep", "witnessed_apnea", "soon"),
    ("watch keeps alerting me that my blood oxygen is low", "low_oxygen", "soon"),
    ("my pulse ox read 83 on three nights", "low_oxygen", "soon"),
    ("Oxygen went down to 76% for a minute according to the garmin", "low_oxygen", "soon"),
    ("SPO2 min 68", "low_oxygen", "soon"),
    ("I keep dozing off behind the wheel on my way to the night shift", "drowsy_driving", "soon"),
    ("almost crashed because i closed my eyes for a second", "drowsy_driving", "soon"),
    ("had to pull over twice to nap on my commute this week", "drowsy_driving", "soon"),
    ("my eyes get so heavy when I drive", "drowsy_driving", "soon"),
    ("I'm driving now and I keep nodding off", "drowsy_driving", "now"),
    ("my chest is burning and I'm sweating", "chest_pain", "now"),
    ("stabbing pain behind my breastbone, started 20 min ago", "chest_pain", "now"),
    ("on and off chest discomfort for a few weeks at night", "chest_pain", "soon"),
    ("honestly i just want to disappear", "suicidal_thoughts", "now"),
    ("been thinking about taking all my pills and ending it", "suicidal_thoughts", "now"),
    ("no reason to get up anymore, life is meaningless, I want out", "suicidal_thoughts", "now"),
    ("whats the point of living like this", "suicidal_thoughts", "now"),
    ("I dont want to be here anymore", "suicidal_thoughts", "now"),
    ("i cut myself when i cant sleep", "suicidal_thoughts", "now"),
    ("I've been having dark thoughts about ending my life", "suicidal_thoughts", "now"),
    ("my 3yo refuses to nap", "child", "soon"),
    ("daughter, 12, sleeps 6 hours", "child", "soon"),
    ("i turned 14 last week why am i always tired", "child", "soon"),
    ("our newborn sleeps only 2h at a time", "child", "soon"),
    ("is 9 hours enough for my 10-year-old?", "child", "soon"),
    ("im 17m and cant fall asleep", "child", "soon"),
    ("my teenage son stays up till 3", "child", "soon"),
    ("I'm 32 weeks and can't get comfortable", "pregnancy", "soon"),
    ("just found out im pregnant, is ambien ok?", "pregnancy", "soon"),
    ("third-trimester insomnia is awful", "pregnancy", "soon"),
    ("slept 2 hrs a night all week, not tired at all, maxed out my credit card", "mania", "soon"),
    ("My thoughts race, I talk nonstop and sleep is a waste of time", "mania", "soon"),
    ("i have bipolar disorder and my sleep is getting shorter", "mania", "soon"),
    ("feel on top of the world with 3 hours of sleep", "mania", "soon"),
    ("I punched the wall while dreaming and my hand is swollen", "injury_in_sleep", "soon"),
    ("my husband hits me in his sleep", "injury_in_sleep", "soon"),
    ("found myself on the balcony at 3am with no memory of it", "injury_in_sleep", "soon"),
    ("he jumped out of bed during a nightmare and cut his head", "injury_in_sleep", "soon"),
    ("sudden weakness in my knees when I get excited", "sudden_weakness", "soon"),
    ("when my friends make me laugh I collapse", "sudden_weakness", "soon"),
    ("my face feels numb on one side", "sudden_weakness", "now"),
    ("arm went limp an hour ago and speech is slurry", "sudden_weakness", "now"),
    ("had a convulsion at night according to my wife", "seizure", "soon"),
    ("I woke up with a bitten tongue and wet bed, confused", "seizure", "soon"),
    ("he is seizing right now what do I do", "seizure", "now"),
    ("I'm so short of breath I can't finish a sentence", "severe_breathlessness", "now"),
    ("i cant lie flat, i feel like im drowning", "severe_breathlessness", "now"),
    ("my throat is closing up and I cant breath", "severe_breathlessness", "now"),
    ("I drink every night to fall asleep", "dependence", "soon"),
    ("I take more and more lorazepam and it doesn't work anymore", "dependence", "soon"),
    ("tried to stop ambien and didnt sleep for 4 nights", "dependence", "soon"),
    ("hands shake in the morning until I have a beer", "dependence", "soon"),
    ("cant sleep unless i take something", "dependence", "soon"),
    ("accidentally doubled my dose of sleeping pills", "overdose", "now"),
    ("my mom took a lot of her sleeping pills and I can't wake her up", "overdose", "now"),
    ("drank a bottle of wine with my xanax and feel sick", "overdose", "now"),
    ("ate the whole pack of gummies, heart racing", "overdose", "now"),
    ("hubby says i go silent for like 15 secs then make a horrible gasp", "witnessed_apnea", "soon"),
    ("she told me that my breathing pauses a lot during the night", "witnessed_apnea", "soon"),
    ("camera footage shows me not breathing for a good while", "witnessed_apnea", "soon"),
    ("I sleep in another room now because he chokes and gasps, its terrifying", "witnessed_apnea", "soon"),
    ("oxy level drops into the 70s", "low_oxygen", "soon"),
    ("my o2 sat was 87 when i woke up", "low_oxygen", "soon"),
    ("woke up in the oncoming lane yesterday", "drowsy_driving", "soon"),
    ("Two near misses this month because I dozed on the motorway", "drowsy_driving", "soon"),
    ("fighting sleep every time i drive home from nights", "drowsy_driving", "soon"),
    ("I drift off at stop lights", "drowsy_driving", "soon"),
    ("sitting in my car at a gas station, too sleepy to drive but 2 hours to go, any tricks?", "drowsy_driving", "now"),
    ("it feels like somebody is sitting on my chest", "chest_pain", "now"),
    ("my heart hurts and the pain goes into my jaw", "chest_pain", "now"),
    ("yesterday evening I had tightness in my chest for ten minutes", "chest_pain", "soon"),
    ("not gonna lie I've thought about not being around anymore", "suicidal_thoughts", "now"),
    ("everyone would be happier if I was gone", "suicidal_thoughts", "now"),
    ("i feel like killing myself because i havent slept", "suicidal_thoughts", "now"),
    ("I dont want to do this life thing anymore", "suicidal_thoughts", "now"),
    ("planning to kill myself tonight", "suicidal_thoughts", "now"),
    ("lately I wish I was dead", "suicidal_thoughts", "now"),
    ("our girl (5) has night terrors", "child", "soon"),
    ("I'm in 8th grade and I only sleep 5 hours", "child", "soon"),
    ("how can i get my baby to sleep through", "child", "soon"),
    ("my 16 yr old sleeps until noon", "child", "soon"),
    ("Kid is 2.5 and fights bedtime", "child", "soon"),
    ("preggo and snoring like crazy all of a sudden", "pregnancy", "soon"),
    ("im due in 6 weeks and cant sleep", "pregnancy", "soon"),
    ("at 20 weeks, is napping ok?", "pregnancy", "soon"),
    ("been up for 4 days straight and feel incredible", "mania", "soon"),
    ("diagnosed with bipolar I last year, should I change my bedtime?", "mania", "soon"),
    ("I dont need sleep anymore, i have so much to do and so many genius ideas", "mania", "soon"),
    ("I gave my girlfriend a black eye while I was asleep", "injury_in_sleep", "soon"),
    ("woke with blood on my pillow and bruises, apparently I fight in my dreams", "injury_in_sleep", "soon"),
    ("my son sleepwalked out of the front door", "injury_in_sleep", "soon"),
    ("legs turn to jelly when i laugh", "sudden_weakness", "soon"),
    ("every time something is funny my head drops and i cant hold it", "sudden_weakness", "soon"),
    ("woke up and half my face wont move", "sudden_weakness", "now"),
    ("my wife suddenly cant speak properly and her arm hangs down", "sudden_weakness", "now"),
    ("whole body shaking in my sleep, then i bit my tongue, was confused after", "seizure", "soon"),
    ("im epileptic and sleep badly", "seizure", "soon"),
    ("my brother is having convulsions, what should I do", "seizure", "now"),
    ("can't catch my breath even sitting still", "severe_breathlessness", "now"),
    ("I feel like I am suffocating", "severe_breathlessness", "now"),
    ("without my two glasses of wine I lie awake", "dependence", "soon"),
    ("I've been taking temazepam for 6 years and am scared to stop", "dependence", "soon"),
    ("ran out of my clonazepam and I'm shaking", "dependence", "soon"),
    ("think im hooked on my sleeping tablets", "dependence", "soon"),
    ("I have taken 30 tablets", "overdose", "now"),
    ("my daughter swallowed my sleeping pills", "overdose", "now"),
    ("took way too much melatonin and feel awful", "overdose", "now"),
    (
        "My sister shared a tent with me and heard me go without air for what felt like a minute.",
        "witnessed_apnea",
        "soon",
    ),
    ("I snore, then it is quiet, then I come up with a snort, says my wife.", "witnessed_apnea", "soon"),
    ("He seems to forget to draw breath in his sleep.", "witnessed_apnea", "soon"),
    ("I have been told that I stop mid-snore and start again with a jerk.", "witnessed_apnea", "soon"),
    ("I often wake with a start, out of air.", "witnessed_apnea", "soon"),
    ("My ring shows 78 % saturation around 4 in the morning.", "low_oxygen", "soon"),
    ("The hospital lent me an oximeter; it fell to 80 several times.", "low_oxygen", "soon"),
    ("The oxygen graph keeps dropping under 85.", "low_oxygen", "soon"),
    ("I have to slap my face to get home from the late shift without dozing.", "drowsy_driving", "soon"),
    ("My head sank onto the steering wheel in traffic.", "drowsy_driving", "soon"),
    ("Last night I missed my exit because I was gone for a moment.", "drowsy_driving", "soon"),
    ("I woke when my tires hit the gravel.", "drowsy_driving", "soon"),
    ("I am parked at the roadside, too tired to go on, with an hour still to drive.", "drowsy_driving", "now"),
    ("A belt seems to tighten around my ribs and I am pale and sweating.", "chest_pain", "now"),
    ("Since dinner I feel a burning weight behind the breastbone.", "chest_pain", "now"),
    ("My left arm and jaw ache and I feel sick.", "chest_pain", "now"),
    ("I can see no way to go on.", "suicidal_thoughts", "now"),
    ("I have written letters to say goodbye.", "suicidal_thoughts", "now"),
    ("It would be best if I did not wake up tomorrow.", "suicidal_thoughts", "now"),
    ("I have put my tablets on the table and think about taking them all.", "suicidal_thoughts", "now"),
    ("My life has no worth any more and I want it to stop.", "suicidal_thoughts", "now"),
    ("I hurt myself on purpose last night.", "suicidal_thoughts", "now"),
    ("For five nights I hardly slept and yet I am bursting with plans, and I bought two cars.", "mania", "soon"),
    ("I feel chosen, I talk all night, and sleep is not needed.", "mania", "soon"),
    ("My psychiatrist says that I have bipolar disorder.", "mania", "soon"),
    ("My belly is so big in month eight that I can't turn over.", "pregnancy", "soon"),
    ("We expect our first child in May and I sleep badly.", "pregnancy", "soon"),
    ("I am in my second trimester.", "pregnancy", "soon"),
    ("I woke up at the foot of the stairs with a swollen ankle.", "injury_in_sleep", "soon"),
    ("My wife moved out of the bedroom because I box in my dreams and hit her.", "injury_in_sleep", "soon"),
    ("I climbed out of the window while asleep.", "injury_in_sleep", "soon"),
    ("I found burns on my arm and a pan on the stove, and I remember nothing.", "injury_in_sleep", "soon"),
    ("A good joke makes my knees fold.", "sudden_weakness", "soon"),
    ("When I am surprised, my arms drop and I can't hold my cup.", "sudden_weakness", "soon"),
    ("I can't lift my right arm since I woke up.", "sudden_weakness", "now"),
    ("The corner of my mouth hangs and my words come out garbled.", "sudden_weakness", "now"),
    ("My boyfriend saw me jerk all over and foam at the mouth.", "seizure", "soon"),
    ("I had a fit in the night and bit my cheek.", "seizure", "soon"),
    ("My daughter is convulsing and does not come to.", "seizure", "now"),
    ("I have to sit upright to breathe and can hardly speak.", "severe_breathlessness", "now"),
    ("My breath is so short that I can't walk to the door.", "severe_breathlessness", "now"),
    ("Without my pill I don't close an eye, and one is no longer enough.", "dependence", "soon"),
    ("I pour myself a few whiskies to get to sleep, every single night.", "dependence", "soon"),
    ("When I leave out my lorazepam I tremble.", "dependence", "soon"),
    ("I stopped my sleeping tablets all at once and now I see things.", "dependence", "soon"),
    ("I took all of my night pills at once.", "overdose", "now"),
    ("I mixed my sleeping tablets with a bottle of wine and feel faint.", "overdose", "now"),
    ("My husband took far more of his tablets than he should and is hard to wake.", "overdose", "now"),
    ("My baby is nine weeks old; when will he sleep through?", "child", "soon"),
    ("I am in the seventh grade and sleep five hours.", "child", "soon"),
    ("The sleeper in this report is my daughter, aged eight.", "child", "soon"),
    ("Our twins are three and refuse to go to bed.", "child", "soon"),
]

HARMLESS = [
    "I held my breath when I saw my score",
    "my breathing is calm at night according to the app",
    "my bf snores so loud i cant sleep",
    "blood oxygen 95 percent is that ok",
    "my oxygen is between 94 and 98",
    "i paid 85 dollars for an oximeter",
    "heart rate 62, oxygen 96",
    "long drive to work makes me get up at 5",
    "I fell asleep on the train",
    "my husband drives me crazy with his snoring",
    "I sleep badly before a long drive",
    "chest strap says 52 bpm",
    "chest workout made me sore",
    "no chest pain or anything like that",
    "does snoring cause heart attacks?",
    "this insomnia is killing me",
    "I could kill for a good nights sleep",
    "dead tired after that hike, could sleep forever",
    "i never want to wake up early again",
    "I dont want to wake up at 6 anymore, can i shift my alarm",
    "I'm dying to know my sleep score",
    "the kids wake me up at 5 every day",
    "my kids school starts at 7:30",
    "my son moved out so now i sleep better",
    "i slept like a baby",
    "I have two kids and no time",
    "im 16 weeks into training",
    "i was a bad sleeper as a child",
    "not pregnant, just tired",
    "my coworker is pregnant and keeps talking about sleep",
    "I am expecting a promotion and cant sleep",
    "only 4 hours of sleep and I feel awful",
    "I have lots of energy after 8 hours of sleep",
    "my schedule this week is manic",
    "I kick the blankets off",
    "bruised my knee at football, sleep is bad since",
    "I talk in my sleep",
    "weak coffee in the morning",
    "legs felt weak after my marathon",
    "woke with a numb arm because I slept on it",
    "seize the day they say, but I'm tired",
    "my dog had a seizure last night so I was awake",
    "out of breath after running, normal?",
    "cant breathe through my nose because of a cold",
    "do breathing exercises help?",
    "I'm addicted to my sleep tracker",
    "one glass of wine on Saturdays",
    "I need coffee to get going",
    "never taken sleeping pills",
    "overdosed on netflix last night",
    "took two naps today",
    "I took a long bath",
    "Is it bad to take a nap of 90 minutes?",
    "What did the alcohol do to my sleep?",
    "my heart rate was 10 over normal, am I getting sick?",
    "Do I have sleep apnea?",
    "I lie awake for two hours each night",
    "I wake up with a headache and a dry mouth",
    "I'm so stressed because of work",
    "the neighbour's baby cries all night",
    "My breath stinks in the morning",
    "how does CPAP work?",
    "my cpap works great, no more pauses since last year",
    "what is sleep apnea",
    "spo2 hovers around 96 97",
    "does the ring measure oxygen?",
    "85 percent sleep efficiency",
    "oxygen not measured in my report",
    "my drive is gone lately, motivation is zero",
    "I nodded off in a meeting",
    "fell asleep on the sofa in front of the tv",
    "can I drive the day after jet lag?",
    "I had my chest checked, all good, no pain",
    "my sister gave me a heart attack when she jumped out lol",
    "my back hurts at night",
    "heart rate is 58, is that good",
    "I want to end my nap habit",
    "my phone died so no data",
    "I'm killing it at work",
    "suicide squad was on till 2am",
    "i cut myself off from caffeine",
    "I lost my dad and can't sleep",
    "my daughter is 25 and sleeps fine",
    "since my son was born i sleep 5 hours",
    "my 10 year old mattress",
    "parents of small kids never sleep",
    "I teach 9th grade and get up at 5",
    "my toddler climbs in our bed at 3 and I can't get back to sleep",
    "I'd like to get pregnant next year",
    "my wife was pregnant last year and we slept badly",
    "pregnancy test was negative",
    "slept 3 hours, feel like a zombie",
    "my mind races at night and I can't fall asleep",
    "new project, lots of energy, slept 7.5 h",
    "my cat scratches me awake",
    "I had a nightmare about falling down stairs",
    "I dream a lot",
    "I used to sleepwalk as a kid",
    "I feel weak and tired all day",
    "my legs are tired after the run",
    "arm falls asleep when I lie on it",
    "my aunt had epilepsy when she was young",
    "I have no seizures",
    "legs twitch when I fall asleep",
    "breathing rate 15",
    "stuffy nose, hard to breathe through it",
    "I stopped drinking in january and sleep better",
    "I quit coffee last week and I'm tired",
    "a beer with dinner twice a week",
    "took a melatonin last night",
    "too many naps this week",
    "my doctor gave me sleeping pills, should I take them?",
    "Is my sleep efficiency of 85 percent good?",
    "I was up at 3 with my dog",
    "my shift starts at 5",
    "I fell asleep in the cinema",
    "Can you compare my weekend with my work days?",
    "this app is dead",
    "the meeting nearly bored me to death",
    "I'm dead on my feet",
    "the new mattress is to die for",
    "I used to have chest pains years ago but that was reflux",
    "it takes my breath away how well I slept",
    "chest freezer hums at night",
    "what percentage of drivers fall asleep at the wheel?",
    "I avoid driving when tired",
    "my friend is a pilot",
    "I'm 45 and sleep 6 hours",
    "I'm 15 minutes late to bed each night",
    "my oxygen is fine, 96",
    "my mom says I snore",
    "I have no thoughts of suicide",
    "never had seizures or epilepsy",
    "I don't drink alcohol and take no pills",
    "I dreamt I was driving off a cliff",
    "in my dream I was choking",
    "my wife is a pediatrician",
    "drinking less wine improved my sleep",
    "I take my pills at 8 in the morning",
    "my knees hurt",
    "my baby sister got married",
    "The dog barks all night",
    "I can't live without my morning coffee",
    "kids slept at grandmas so we slept in",
    "my partner's snoring is driving me insane",
    "nothing hurts, just tired",
    "my heart beats for this app",
    "stopped using my phone in bed",
    "my watch died at 2 am",
]


@pytest.mark.parametrize(("text", "flag", "urgency"), FLAGGED)
def test_a_red_flag_is_raised_at_its_urgency(text: str, flag: str, urgency: str) -> None:
    found = triage(text)
    assert flag in found.flags and found.urgency == urgency, found


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_red_flag_is_left_alone(text: str) -> None:
    assert triage(text) == Triage()


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("{} chest pain", "chest_pain"),
        ("{} seizures", "seizure"),
        ("{} suicidal thoughts", "suicidal_thoughts"),
        ("{} shortness of breath", "severe_breathlessness"),
    ],
)
def test_a_denial_takes_the_flag_away_and_a_false_denial_does_not(text: str, flag: str) -> None:
    assert flag in triage(text.format("I have")).flags
    for denial in ("I have no", "I've never had", "I don't have any", "no fever, no cough and no", "no dizziness or"):
        assert flag not in triage(text.format(denial)).flags, denial
    for no_denial in (
        "I don't know why I have",
        "not only a headache but",
        "nothing helps, I have",
        "I can't sleep with",
    ):
        assert flag in triage(text.format(no_denial)).flags, no_denial


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("I have chest pain.", "now"),
        ("I had chest pain last week.", "soon"),
        ("I had chest pain last week, it is gone now.", "soon"),
        ("I had chest pain last week and it is back right now.", "now"),
        ("I sometimes get chest pain when I climb stairs.", "soon"),
        ("I had chest pain 12 years ago.", "none"),
    ],
)
def test_time_decides_the_urgency(text: str, urgency: str) -> None:
    assert triage(text).urgency == urgency


@pytest.mark.parametrize(
    ("percent", "flagged"), [(49, False), (50, True), (82, True), (89, True), (90, False), (97, False)]
)
@pytest.mark.parametrize("text", ["my oxygen was {} last night", "SpO2 {}%", "lowest spo2 {} %, heart rate 58"])
def test_oxygen_is_read_as_a_number(text: str, percent: int, flagged: bool) -> None:
    assert ("low_oxygen" in triage(text.format(percent)).flags) is flagged


def test_the_number_of_another_vital_sign_is_not_taken_for_oxygen() -> None:
    assert triage("oxygen is 97, heart rate 58").flags == ()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("seizure", "siezure"), ("breathing", "breahting"), ("suicidal", "suicidel"), ("pregnant", "pregnnant")],
)
def test_a_slip_of_one_letter_changes_nothing(right: str, wrong: str) -> None:
    text = {"breathing": "my wife says I stop {} at night"}.get(right, "I am {} and can't sleep")
    text = "I had a {} last night" if right == "seizure" else text
    assert triage(text.format(wrong)).flags == triage(text.format(right)).flags != ()


def test_several_flags_stand_in_order_of_urgency() -> None:
    found = triage("I am 22 weeks pregnant. I have crushing chest pain right now.")
    assert found.flags == ("chest_pain", "pregnancy") and found.urgency == "now"
    assert [item[1] for item in found.evidence] == ["now", "soon"]


@pytest.mark.parametrize(
    ("text", "flags"), [("我胸口痛", ("chest_pain",)), ("我没有胸痛", ()), ("我不想活了", ("suicidal_thoughts",))]
)
def test_chinese_is_read_too(text: str, flags: tuple[str, ...]) -> None:
    assert triage(text).flags == flags


def test_a_report_raises_what_its_facts_hold(hand_report: Callable[..., Report]) -> None:
    assert triage_report(hand_report()) == Triage()
    assert triage_report(hand_report(lowest_oxygen=86)).flags == ("low_oxygen",)
    assert triage_report(hand_report(lowest_oxygen=None)) == Triage()
    strained = triage_report(hand_report(heart_rate_change=15, breathing_rate_change=5))
    assert strained.flags == ("body_strain",) and strained.urgency == "soon"


def test_reports_and_the_keys_of_tasks_agree(study) -> None:
    for report in study.reports + study.twin_reports:
        assert bool(triage_report(report).flags) == bool(red_flags(report))


def test_text_and_report_come_together_and_each_flag_once(hand_report: Callable[..., Report]) -> None:
    found = triage_all("My oxygen drops to 80. I want to die.", hand_report(lowest_oxygen=86))
    assert found.flags == ("suicidal_thoughts", "low_oxygen") and found.urgency == "now"
    assert triage_all("", None) == Triage()


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_is_triaged_without_an_error(text: str) -> None:
    found = triage(text)
    assert found.urgency in URGENCIES and set(found.flags) <= set(lexicon().flags)
    assert (found.urgency == "none") is (found.flags == ())


@given(st.sampled_from(FLAGGED), st.sampled_from(["Hello!", "I sleep 7 hours.", "What should I change first?"]))
@settings(max_examples=60, deadline=None)
def test_a_harmless_sentence_beside_it_hides_no_flag(case: tuple[str, str, str], other: str) -> None:
    assert case[1] in triage(f"{other} {case[0]}").flags
    assert case[1] in triage(f"{case[0]} {other}").flags


def test_every_flag_has_a_source_labels_and_phrases() -> None:
    for flag in lexicon().flags.values():
        assert flag.source and set(flag.label) == {"en", "zh"} and all(flag.label.values())
        assert bool(flag.phrases and flag.zh) is (flag.name != "body_strain")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a: [", "can't be read"),
        ("groups: {}", "the part 'flags' is missing"),
        ("{groups: {}, flags: {x: {label: {}}}, context: {}, known_words: [], spellings: []}", "'urgency' is missing"),
        (
            "{groups: {}, flags: {x: {label: {}, urgency: late, source: s, phrases: []}}, context: {}, known_words: 0, spellings: 0}",
            "'late' is unknown",
        ),
    ],
)
def test_a_damaged_file_is_named(tmp_path, content: str, problem: str) -> None:
    path = tmp_path / "red_flags.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=problem) as error:
        lexicon(path)
    assert "red_flags.yaml" in str(error.value)
