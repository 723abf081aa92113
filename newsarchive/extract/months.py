"""Month names in the languages of newspapers.

One paragraph a month. A word is that month where it begins with one of the stems; the longest stem wins. "_" stands for
a space within a name.
"""

STEMS = """
    jan januar janvier enero ene gennaio gen janeiro январ янв січн styczni stycz leden ledn január
    ocak oca tammikuu ianuar ιανουαρ يناير كانون_الثاني ינואר جنوری ژانویه जनवरी มกราคม ม.ค januari

    feb februar février fevrier febrero febbraio fevereiro fev феврал фев лют luty luteg únor února
    şubat sub helmikuu φεβρουαρ فبراير شباط פברואר فروری فوریه फरवरी फ़रवरी กุมภาพันธ์ ก.พ

    mar mär maer märz mars marzo março marco март мар берез marzec marca břez mart maaliskuu maart március
    mrt μαρτ مارس آذار מרץ مارچ मार्च มีนาคม มี.ค maret

    apr april avril abril abr aprile апрел апр квіт kwiecień kwietni dub duben dubna nisan huhtikuu απριλ
    أبريل نيسان אפריל اپریل آوریل अप्रैल เมษายน เม.ย

    may mai mayo maggio mag maio мая май трав maj máj május květ května mayıs toukokuu mei ma4 μαΐ μαι مايو أيار
    מאי مئی مه मई พฤษภาคม พ.ค

    jun juni juin junio giugno giu junho июн черв czerwiec czerwc červn haziran kesäkuu iunie ιουν يونيو
    حزيران יוני جون ژوئن जून มิถุนายน มิ.ย

    jul juli juillet julio luglio lug julho июл лип lipiec lipca červenc temmuz heinäkuu iulie ιουλ يوليو
    تموز יולי جولائی ژوئیه जुलाई กรกฎาคม ก.ค

    aug august août aout agosto ago augusztus август авг серп sierpień sierpni srp srpna ağustos elokuu αυγ أغسطس آب
    אוגוסט اگست اوت अगस्त สิงหาคม ส.ค agustus

    sep sept szept september septembre septiembre settembre set setembro сентябр сен верес wrzesień
    wrześni září szeptember eylül syyskuu σεπτ سبتمبر أيلول ספטמבר ستمبر سپتامبر सितंबर กันยายน ก.ย

    oct okt october oktober octobre octubre ottobre ott outubro out октябр окт жовт październik
    październi říj října říjen ekim octombrie lokakuu οκτωβρ أكتوبر تشرين_الأول אוקטובר اکتوبر اکتبر अक्टूबर ตุลาคม ต.ค

    nov november novembre noviembre novembro ноябр ноя листопад listopad kasım marraskuu noiembrie
    νοεμβρ نوفمبر تشرين_الثاني נובמבר نومبر نوامبر नवंबर พฤศจิกายน พ.ย

    dec dez december dezember décembre decembre diciembre dic dicembre dezembro декабр дек груд
    grudzień grudni prosin aralık joulukuu decembrie δεκεμβρ ديسمبر كانون_الأول דצמבר دسمبر دسامبر
    दिसंबर ธันวาคม ธ.ค desember
"""


def by_number() -> dict[int, list[str]]:
    """Return the stems of each month, 1 to 12."""
    paragraphs = STEMS.strip().split("\n\n")
    return {
        number: [stem.replace("_", " ") for stem in paragraph.split()] for number, paragraph in enumerate(paragraphs, 1)
    }
